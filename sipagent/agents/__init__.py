"""What an agent is: instructions, tools, handoffs. Pure, but for the tools themselves."""
