// A session of the official Agents SDK for JavaScript, told on stdin what to do.
//
// One JSON object a line: in {"do": ...}, out {"told": ...}, which is what the SDK tells its user.
// Run where the packages are installed; see tests/peers/installing.py.

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

import { hostedMcpTool } from '@openai/agents';
import { OpenAIRealtimeSIP, RealtimeAgent, RealtimeSession, tool } from '@openai/agents/realtime';
import { z } from 'zod';

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
    name: 'clock',
    description: 'Tell the time.',
    parameters: z.object({}),
    execute: async () => {
      await sleep(200);
      return 'noon';
    },
  }),
  tool({
    name: 'refund',
    description: 'Pay back.',
    parameters: z.object({ euros: z.number() }),
    needsApproval: true,
    execute: ({ euros }) => `${euros} euros paid`,
  }),
  tool({
    name: 'broken',
    description: 'Fail.',
    parameters: z.object({}),
    execute: () => {
      throw new Error('a secret of the house');
    },
  }),
];

const INVOICE = tool({
  name: 'invoice',
  description: 'Tell what is owed.',
  parameters: z.object({}),
  execute: () => 'nothing is owed',
});

const FORBID = {
  name: 'forbid',
  execute: async ({ agentOutput }) => ({
    tripwireTriggered: agentOutput.includes('forbidden'),
    outputInfo: 'blocked',
  }),
};

function reception(script, mcp) {
  const prompt = (agent) => (script ? { promptId: script, variables: { agent } } : undefined);
  const billing = new RealtimeAgent({
    name: 'Billing',
    instructions: 'Bills.',
    prompt: prompt('Billing'),
    tools: [INVOICE],
  });
  return new RealtimeAgent({
    name: 'Reception',
    instructions: 'Help.',
    prompt: prompt('Reception'),
    tools: mcp ? [...TOOLS, hostedMcpTool(mcp)] : TOOLS,
    handoffs: [billing],
  });
}

// Tell every event of the session that both SDKs have, in the words of the Python one.
function tellEvents(session) {
  session.on('agent_start', (_, agent) => tell('agent_start', { agent: agent.name }));
  session.on('agent_end', (_, agent) => tell('agent_end', { agent: agent.name }));
  session.on('audio', ({ data }) => tell('audio', { bytes: data.byteLength }));
  session.on('audio_stopped', () => tell('audio_end'));
  session.on('audio_interrupted', () => tell('audio_interrupted'));
  session.on('agent_handoff', (_, from, to) => tell('handoff', { of: from.name, to: to.name }));
  session.on('agent_tool_start', (_, agent, called, { toolCall }) =>
    tell('tool_start', { tool: called.name, arguments: JSON.parse(toolCall.arguments) }));
  session.on('agent_tool_end', (_, agent, called, output) =>
    tell('tool_end', { tool: called.name, output }));
  session.on('guardrail_tripped', (_, agent, error) =>
    tell('guardrail', { info: [error.result.output.outputInfo] }));
  session.on('history_updated', (items) => tell('history', { items }));
  session.on('mcp_tools_changed', (tools) =>
    tell('mcp_tools', { names: tools.map(({ name }) => name) }));
  session.on('mcp_tool_call_completed', (_, agent, { name, output }) =>
    tell('mcp_tool_end', { tool: name, output }));
  session.on('error', ({ error }) => {
    const { code = null, message = String(error) } = error?.error ?? {};
    tell('error', { code, message });
  });
}

// The SDK drops, silently, events its schema does not fit: those come as '*' and under no name.
function countUnread(transport) {
  const unread = {};
  transport.on('*', ({ type }) => {
    if (!(type in unread)) {
      unread[type] = 0;
      transport.on(type, () => (unread[type] -= 1));
    }
    unread[type] += 1;
  });
  return unread;
}

let session;
let unread;
const approvals = new Map();

const peer = {
  async accepting({ script }) {
    tell('accepting', { session: await OpenAIRealtimeSIP.buildInitialConfig(reception(script)) });
  },

  async connect({ url, call_id: callId, script, mcp, audio_format: format, turn_detection: turnDetection }) {
    session = new RealtimeSession(reception(script, mcp), {
      transport: callId ? new OpenAIRealtimeSIP() : 'websocket',
      config: { audio: { input: { format, turnDetection }, output: { format } } },
      outputGuardrails: [FORBID],
      outputGuardrailSettings: { debounceTextLength: 5 },
    });
    tellEvents(session);
    session.on('tool_approval_requested', (_, agent, { approvalItem }) => {
      const { name, callId, providerData } = approvalItem.rawItem;
      const id = callId ?? providerData.itemId; // the latter of a tool of an MCP server
      approvals.set(id, approvalItem);
      tell('approval', { tool: name, call_id: id });
    });
    unread = countUnread(session.transport);
    session.transport.on('*', ({ type, event: digit }) => {
      if (type === 'input_audio_buffer.dtmf_event_received') tell('digit', { digit });
    });
    session.transport.on('disconnected', () => tell('ended'));
    await session.connect({ apiKey: 'any', url, callId });
    tell('connected');
  },

  send_message: ({ text }) => session.sendMessage(text),

  async send_audio({ path, chunk_bytes: step, commit = false }) {
    const audio = new Uint8Array(readFileSync(path));
    for (let end = step; end < audio.length + step; end += step) {
      const isLast = end >= audio.length;
      session.sendAudio(audio.slice(end - step, end).buffer, { commit: commit && isLast });
      await sleep(0);
    }
  },

  interrupt: () => session.interrupt(),

  approve: ({ call_id: id, always }) =>
    session.approve(approvals.get(id), { alwaysApprove: always }),

  reject: ({ call_id: id, always, message }) =>
    session.reject(approvals.get(id), { alwaysReject: always, message: message ?? undefined }),

  send_event: ({ event }) => session.transport.sendEvent(event),

  update_history: ({ items }) => session.updateHistory(items),

  close() {
    const names = Object.keys(unread).filter((type) => unread[type] > 0);
    session.close();
    approvals.clear();
    tell('closed', { unread: names });
  },
};

tell('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const { do: name, ...fields } = JSON.parse(line);
  await peer[name](fields);
}
