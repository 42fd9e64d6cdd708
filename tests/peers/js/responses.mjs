// Text agents of the official Agents SDK for JavaScript, told on stdin what to do.
//
// One JSON object a line: in {"do": ...}, out {"told": ...}, which is what the SDK tells its user.
// Run where the packages are installed; see tests/peers/installing.py.

import { createInterface } from 'node:readline';

import { Agent, OpenAIProvider, Runner, tool, withResponsesWebSocketSession } from '@openai/agents';
import WebSocket from 'ws';
import { z } from 'zod';

globalThis.WebSocket = WebSocket; // Node's own cannot send a key

const tell = (told, fields = {}) => process.stdout.write(`${JSON.stringify({ told, ...fields })}\n`);

// What the SDK logs.
console.warn = console.error = (...args) => tell('logged', { text: args.map(String).join(' ') });

const TOOLS = [
  tool({
    name: 'opening_hours',
    description: 'Tell when we are open.',
    parameters: z.object({ day: z.string() }),
    execute: ({ day }) => `ten to two on ${day}`,
  }),
  tool({
    name: 'refund',
    description: 'Pay back.',
    parameters: z.object({ euros: z.number() }),
    needsApproval: true,
    execute: ({ euros }) => `${euros} euros paid`,
  }),
];

const WEATHER = z.object({ city: z.string(), degrees: z.number().int() });

const SETTINGS = { max_tokens: 'maxTokens', tool_choice: 'toolChoice', store: 'store' };

function reception({ script, instructions = 'Help.', structured, settings = {} }) {
  const prompt = (agent) => (script ? { promptId: script, variables: { agent } } : undefined);
  const billing = new Agent({
    name: 'Billing',
    instructions: 'Bills.',
    model: 'gpt-x',
    prompt: prompt('Billing'),
  });
  return Agent.create({
    name: 'Reception',
    instructions,
    model: 'gpt-x',
    prompt: prompt('Reception'),
    tools: TOOLS,
    handoffs: [billing],
    ...(structured ? { outputType: WEATHER } : {}),
    modelSettings: Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [SETTINGS[name], value]),
    ),
  });
}

let runner, leave, left, agent, state;

async function connect({ url, transport }) {
  const providerOptions = { apiKey: 'any', baseURL: url };
  if (transport === 'websocket') {
    await new Promise((entered) => {
      left = withResponsesWebSocketSession(
        (session) => {
          runner = session.runner;
          entered();
          return new Promise((resolve) => (leave = resolve));
        },
        { providerOptions },
      );
    });
  } else {
    const provider = new OpenAIProvider({ ...providerOptions, useResponses: transport === 'http' });
    runner = new Runner({ modelProvider: provider });
    leave = () => undefined;
    left = Promise.resolve();
  }
  tell('connected');
}

function tellEvent(event) {
  if (event.type === 'raw_model_stream_event' && event.data.type === 'model') {
    const inner = event.data.event;
    tell('raw', { type: inner.type, delta: inner.delta });
  } else if (event.type === 'run_item_stream_event') {
    tell('item', { name: event.name });
  }
}

async function follow(asked, command) {
  const options = { stream: !command.plain };
  if (command.previous_response_id) options.previousResponseId = command.previous_response_id;
  if (command.conversation_id) options.conversationId = command.conversation_id;
  try {
    const result = await runner.run(agent, asked, options);
    if (!command.plain) {
      for await (const event of result) tellEvent(event);
      await result.completed;
    }
    state = result.state;
    tell('done', {
      output: result.interruptions.length ? null : result.finalOutput, // it logs when asked early
      agent: result.lastAgent?.name,
      response_id: result.lastResponseId,
      waiting: result.interruptions.map((each) => [each.name, JSON.parse(each.arguments)]),
    });
  } catch (error) {
    tell('done', { failed: error.constructor.name, message: String(error.message) });
  }
}

const DO = {
  connect,
  run: (command) => {
    agent = reception(command);
    return follow(command.input, command);
  },
  resume: (command) => {
    for (const item of state.getInterruptions()) {
      if (command.approve) state.approve(item);
      else state.reject(item);
    }
    return follow(state, command);
  },
  close: async () => {
    leave();
    await left;
    tell('closed');
  },
};

tell('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  await DO[command.do](command);
}
