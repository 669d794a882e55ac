/** docs/reference/protocol-mapping.md: what of a kernel call is what of MCP and A2A, from the table and the codes. */
import { a2aError, allCodes, type ContentPart, jsonRpcCode, mcpForm, protocolMapping } from '@hansa/protocols'

export function protocolMappingPage(): string {
  const { kinds, frames, statuses, inputs, notes, parts, acts, unmapped } = protocolMapping
  const rows = (cells: readonly (readonly string[])[]) =>
    cells.map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n')
  const words = (given: Readonly<Record<string, { mcp: string; a2a: string }>>) =>
    rows(Object.entries(given).map(([name, { mcp, a2a }]) => [code(name), mcp, a2a]))
  return `# What maps to what

A call goes through kernels in their own terms. MCP and A2A are spoken at the edges: by clients and agents that call a node, and by servers and agents that a node calls. What crosses from one protocol to the other is therefore what both have in common with a call. This page is written from the table in \`protocols/src/bridge\`; tests hold the code to it.

## Kinds of capabilities

| kind | MCP | A2A |
|---|---|---|
${words(kinds)}

## Kinds of results

| frame | MCP | A2A |
|---|---|---|
${words(frames)}

## How a call ends

| status of a receipt | error | MCP | A2A |
|---|---|---|---|
${rows(Object.entries(statuses).map(([name, { code: error, mcp, a2a }]) => [code(name), error === undefined ? '' : code(error), endings[mcp], code(a2a)]))}

A task that waits for an authorization alone is in \`TASK_STATE_AUTH_REQUIRED\`. What a capability says of its own failure goes with it. A refusal is one also where the kernel that was called has signed it.

## What is asked

| method of an input request | an MCP client is asked by | an A2A task waits in |
|---|---|---|
${rows(Object.entries(inputs).map(([name, { mcp, a2a }]) => [code(name), code(mcp), code(a2a)]))}

A client is asked only for what it accepts. \`authorization\` beside \`elicitation/create\` says that an MCP client can send a person to a page.

## What is said before the end

| note | MCP | A2A |
|---|---|---|
${rows(Object.entries(notes).map(([name, { mcp, a2a }]) => [code(name), mcp === null ? 'not said' : code(mcp), code(a2a)]))}

## What a caller does besides

| act | kernel call | MCP | A2A |
|---|---|---|---|
${rows(Object.entries(acts).map(([name, { call, mcp, a2a }]) => [name, call, mcp, a2a]))}

## Parts

${parts.map((row) => `**${row.name}**\n\n${partRows(row)}`).join('\n\n')}

## Errors

| code | JSON-RPC | MCP tools say it in | A2A |
|---|---|---|---|
${rows(allCodes.map((name) => [code(name), String(jsonRpcCode[name]), mcpForm[name] === 'result' ? 'a result with `isError`' : 'a JSON-RPC error', code(a2aError[name])]))}

## What does not map

| of | what | why |
|---|---|---|
${rows(unmapped.map(({ of, what, why }) => [of === 'mcp' ? 'MCP' : 'A2A', what, why]))}
`
}

const endings = {
  result: 'a result',
  isError: 'a result with `isError`',
  input_required: '`input_required`, or a request',
} as const

type Row = (typeof protocolMapping.parts)[number]

function partRows({ part, mcp, a2a, backFromA2a }: Row): string {
  const form = (name: string, value: object) => `- ${name}: \`${JSON.stringify(value)}\``
  const lost = backFromA2a === undefined ? [] : [form('back from A2A', backFromA2a satisfies ContentPart)]
  return [form('part', part), form('MCP', mcp), form('A2A', a2a), ...lost].join('\n')
}

function code(text: string): string {
  return `\`${text}\``
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
