/**
 * Every event that a node writes to its log lines: level, fields, what it means and what to do. A line with another name,
 * at another level or without its fields does not compile. docs/reference/log-events.md is this table.
 */

import { a2aLogEvents } from './a2a-log-events.ts'
import { agreementLogEvents } from './agreement-log-events.ts'
import { approvalLogEvents } from './approval-log-events.ts'
import { caseLogEvents } from './case-log-events.ts'
import { hostLogEvents } from './host-log-events.ts'
import { identityLogEvents } from './identity-log-events.ts'
import type { logLineFields } from './log-line-fields.ts'
import type { LogFields } from './logger.ts'
import { mcpLogEvents } from './mcp-log-events.ts'
import { meshLogEvents } from './mesh-log-events.ts'
import { replicaLogEvents } from './replica-log-events.ts'
import { revocationLogEvents } from './revocation-log-events.ts'
import { routingLogEvents } from './routing-log-events.ts'
import { sessionLogEvents } from './session-log-events.ts'
import { standingLogEvents } from './standing-log-events.ts'
import { witnessLogEvents } from './witness-log-events.ts'

type FieldName = keyof typeof logLineFields

type LogEventFacts = {
  level: 'debug' | 'info' | 'warn' | 'error'
  /** A name that ends with `?` is left out where there is no such thing. */
  fields: readonly (FieldName | `${FieldName}?`)[]
  means: string
  todo: string
}

const nothing = 'Nothing.'

export const logEvents = {
  ...a2aLogEvents,
  ...agreementLogEvents,
  ...approvalLogEvents,
  ...caseLogEvents,
  ...mcpLogEvents,
  ...meshLogEvents,
  'acks.delivery_not_recorded': {
    level: 'warn',
    fields: ['peer', 'reason'],
    means: 'A peer has acknowledgements, and the log could not note it: it gets them once more after a restart.',
    todo: 'Look whether the log is full.',
  },
  'call.refused': {
    level: 'info',
    fields: ['call_id', 'capability?', 'direction', 'peer?', 'code', 'stage', 'denial_id', 'ms'],
    means: 'A call was refused, or failed.',
    todo: 'The reason is in its outcome entry: `hansa audit show --call ID`.',
  },
  'call.released': {
    level: 'debug',
    fields: ['call_id', 'capability?', 'direction', 'peer?', 'ms'],
    means: 'A call was answered.',
    todo: nothing,
  },
  'call.stage_failed': {
    level: 'error',
    fields: ['call_id', 'peer?', 'stage', 'error', 'code?', 'reason?', 'at'],
    means: 'A stage threw; the call was refused with `internal`.',
    todo: 'Read the entry of the call. A fault of Hansa is worth a report with this line.',
  },
  'capability.available': {
    level: 'info',
    fields: ['capability', 'served_by'],
    means: 'A program serves a capability now.',
    todo: nothing,
  },
  'capability.not_closed': {
    level: 'warn',
    fields: ['reason'],
    means: 'What a removed capability had open did not close.',
    todo: 'Restart the node when it holds something that others need.',
  },
  'capability.not_followed': {
    level: 'error',
    fields: ['reason'],
    means: 'The tools of an MCP server changed, and what is offered stays as it was.',
    todo: 'Correct what the reason names, then `hansa reload`.',
  },
  'capability.not_kept': {
    level: 'error',
    fields: ['capability'],
    means: 'A program offered a capability that could not be written to the state of the node; it is not offered.',
    todo: 'Look at the disk of the node.',
  },
  'capability.not_restored': {
    level: 'warn',
    fields: ['capability', 'reason'],
    means: 'A capability that a program served before could not be read back.',
    todo: 'Start its program again: it offers it anew.',
  },
  'capability.unavailable': {
    level: 'info',
    fields: ['capability', 'served_by'],
    means: 'The program of a capability has gone away; calls of it are refused until it is back.',
    todo: 'Start the program again, or `hansa capability remove`.',
  },
  'capability.unusable': {
    level: 'warn',
    fields: ['reason'],
    means: 'A tool of an MCP server is not offered.',
    todo: 'The reason says whether to classify or to rename it.',
  },
  'control.request_failed': {
    level: 'error',
    fields: ['path', 'error', 'code?', 'reason?', 'at'],
    means: 'A request on the control interface failed inside and was answered with `internal`.',
    todo: 'Look at the disk; a fault of Hansa is worth a report with this line.',
  },
  'gateway.request_failed': {
    level: 'warn',
    fields: ['reason'],
    means: 'A connection of another kernel broke while its request was served.',
    todo: 'Look at the network when it repeats.',
  },
  'gateway.slowed': {
    level: 'warn',
    fields: ['source'],
    means:
      'So much from this address was refused that its connections are read slowly, and new ones later; said once in ten minutes.',
    todo: 'Look for `refusals.counted` from there in `hansa audit show`.',
  },
  'content.not_discarded': {
    level: 'error',
    fields: ['error', 'code?', 'reason?', 'at'],
    means: 'Arguments of a call that did not begin were kept, and could not be deleted.',
    todo: 'Look at the disk. They are erased with `hansa audit erase`, or when their time is over.',
  },
  'content.not_kept': {
    level: 'error',
    fields: ['error', 'code?', 'reason?', 'at'],
    means: 'Arguments or a result could not be kept as `audit.content` demands, so the call was refused.',
    todo: 'Look at the room and the permissions of `blobs` and `state.db` in the home.',
  },
  'events.not_drained': {
    level: 'error',
    fields: ['error', 'code?', 'reason?', 'at'],
    means: 'A change of state is stored and the log does not tell of it yet; it is tried again in 15 seconds.',
    todo: 'See whether the log has room: `hansa status`. A fault of Hansa is worth a report with this line.',
  },
  'imports.refresh_failed': {
    level: 'error',
    fields: ['error', 'code?', 'reason?', 'at'],
    means: 'The look at imported kernels failed inside; the next one is in 15 seconds.',
    todo: 'Look at the disk; a fault of Hansa is worth a report with this line.',
  },
  'inbound.failed': {
    level: 'error',
    fields: ['path', 'call_id?', 'peer?', 'code', 'error', 'reason?', 'at'],
    means: 'A request of another kernel failed inside; it was told the code and nothing else.',
    todo: 'What to do about the code is in docs/reference/errors.md.',
  },
  'log.damaged': {
    level: 'error',
    fields: ['error', 'code?', 'reason?', 'at'],
    means: 'Entries that the start had skipped are not what was signed. The node ends.',
    todo: 'Keep the directory as it is, run `hansa verify` on it, and restore the node from a backup.',
  },
  'log.fills': {
    level: 'warn',
    fields: ['used', 'bytes', 'max_bytes'],
    means: 'The log has taken 80, 90 or 95 % of what its limit leaves for calls. Said once each.',
    todo: 'Raise `limits.log_max_gib`, with room on the disk: docs/guides/operations.md.',
  },
  'log.full': {
    level: 'error',
    fields: ['bytes', 'max_bytes?'],
    means:
      'The log takes no more calls. At its limit it still takes how running calls end, acknowledgements and revocations.',
    todo: 'Raise `limits.log_max_gib`, or make room on the disk, and start the node again.',
  },
  'log.resume_point_failed': {
    level: 'warn',
    fields: ['error', 'code?', 'reason?', 'at'],
    means: 'The point from which the next start goes on could not be made; that start reads more of the log.',
    todo: 'Look at the disk with `hansa doctor` when it repeats.',
  },
  'mcp.connected': {
    level: 'info',
    fields: ['backend', 'revision?'],
    means: 'An MCP server answers.',
    todo: nothing,
  },
  'mcp.lost': {
    level: 'warn',
    fields: ['backend', 'reason'],
    means: 'The connection to an MCP server ended; the next call makes another.',
    todo: 'Look into the log of the server when it repeats.',
  },
  'mcp.unreachable': {
    level: 'warn',
    fields: ['backend', 'reason'],
    means: 'An MCP server did not start or does not answer.',
    todo: 'Correct its command or address in hansa.yaml, or start it.',
  },
  'node.drain_timeout': {
    level: 'error',
    fields: ['after_ms'],
    means: 'Calls ran on when the node had to end. The next start closes them as `outcome_unknown`.',
    todo: 'Give it longer with `limits.drain_seconds` in hansa.yaml, or calls a shorter deadline.',
  },
  'node.fatal': {
    level: 'error',
    fields: ['reason', 'stack?'],
    means: 'The node cannot go on and ends. Its log up to here is safe.',
    todo: 'Look at the disk with `hansa doctor`, then start it again.',
  },
  'node.not_reloaded': {
    level: 'error',
    fields: ['faults'],
    means: 'hansa.yaml or what it names has faults; everything stays as it was.',
    todo: 'Correct each, then `hansa reload`.',
  },
  'node.reloaded': {
    level: 'info',
    fields: ['needs_restart'],
    means: 'The configuration was read again.',
    todo: 'Restart the node when `needs_restart` names something.',
  },
  'node.started': {
    level: 'info',
    fields: ['did', 'endpoint', 'control'],
    means: 'The node takes calls.',
    todo: nothing,
  },
  'node.stopped': {
    level: 'info',
    fields: ['did'],
    means: 'The node has ended in good order.',
    todo: nothing,
  },
  'peer.evidence': {
    level: 'warn',
    fields: ['peer', 'kind', 'call_id'],
    means:
      'A peer did what no honest kernel does, and an entry keeps it. `statement`: it signed what should not exist. `garbled`: what came in its name is signed by nobody. `replay`: it signed two intents under one counter of a session. `wrong_label`: its receipt leaves out a label of its capability or of the intent. `ack_missing`: it has a receipt and has not acknowledged it for 30 seconds, and its result is kept back. `result_wrong`: it handed out another result than the one that it signed. `inclusion_broken`: its log does not hold what its receipt promises.',
    todo: 'Read it with `hansa audit show --call ID`, and ask the operator of the peer.',
  },
  'peer.evidence_not_recorded': {
    level: 'warn',
    fields: ['peer', 'call_id', 'reason'],
    means: 'A peer did what no honest kernel does, and the log could not take the entry.',
    todo: 'Make room for the log: `hansa status`.',
  },
  'policy.not_reloaded': {
    level: 'error',
    fields: ['faults'],
    means: 'A policy file has faults; the policy in force stays.',
    todo: 'Correct each; the files are read again by themselves.',
  },
  'policy.reloaded': {
    level: 'info',
    fields: ['rules', 'version'],
    means: 'Changed policy files are in force.',
    todo: nothing,
  },
  'policy.watch_failed': {
    level: 'error',
    fields: ['reason'],
    means: 'The policy files could not be looked at.',
    todo: 'Look whether the node may read them, then `hansa policy reload`.',
  },
  'promises.check_failed': {
    level: 'error',
    fields: ['error', 'code?', 'reason?', 'at'],
    means: 'Whether peers keep what their receipts promise could not be looked at; it is tried again.',
    todo: 'Look at the disk.',
  },
  'registry.failed': {
    level: 'warn',
    fields: ['registry?', 'code', 'reason'],
    means: 'The registry does not take the manifest of this node any more. Said once, until it works again.',
    todo: 'Look whether it is up. Peers that are pinned already do not need it.',
  },
  'registry.fault': {
    level: 'error',
    fields: ['registry', 'kind', 'reason'],
    means:
      'A registry does not show this node as it should (`missing`, `older`, `another`, `unproven`), or its log is not what it was (`rolled_back`, `forked`, `another_key`, `unsigned`). An entry keeps it. Said once, until it changes.',
    todo: 'Ask whoever keeps the registry. `another`: find out who else has the key of this node. After a fault of its log the registry is not asked any more: docs/guides/registries.md.',
  },
  'registry.heartbeat_failed': {
    level: 'error',
    fields: ['reason'],
    means: 'The heartbeat for the registry failed inside; the next one follows.',
    todo: 'Look at the disk and the network.',
  },
  'registry.listed_again': {
    level: 'info',
    fields: ['registry'],
    means: 'A registry shows this node as it should again.',
    todo: nothing,
  },
  'registry.not_withdrawn': {
    level: 'warn',
    fields: ['code', 'reason'],
    means: 'The registry could not be told that this node ends; its listing expires by itself.',
    todo: nothing,
  },
  'registry.restored': {
    level: 'info',
    fields: ['expires'],
    means: 'The registry takes the manifest again.',
    todo: nothing,
  },
  'registry.watch_failed': {
    level: 'error',
    fields: ['registry', 'reason'],
    means: 'Looking this node up in a registry failed inside; it is tried again.',
    todo: 'Look at the disk and the network.',
  },
  'tls.certificate': {
    level: 'warn',
    fields: ['reason'],
    means: 'Something about the certificate needs attention soon. Said once a day.',
    todo: 'Put a new pair in the place of the files; the node reads it by itself.',
  },
  'tls.not_reloaded': {
    level: 'error',
    fields: ['faults'],
    means: 'The new certificate or key cannot be used; the one in use stays.',
    todo: 'Correct each; the files are read again by themselves.',
  },
  'tls.not_watched': {
    level: 'error',
    fields: ['reason'],
    means: 'The certificate files could not be looked at.',
    todo: 'Look whether the node may read them, then `hansa reload`.',
  },
  'tls.reloaded': {
    level: 'info',
    fields: ['spki', 'until'],
    means: 'A new certificate is in use.',
    todo: nothing,
  },
  'webhook.failed': {
    level: 'warn',
    fields: ['message', 'id', 'attempt', 'reason', 'retry_seconds'],
    means: 'The webhook of approvals did not take a message; it is sent again.',
    todo: 'Look at the receiver if it goes on: `hansa webhook test`.',
  },
  'webhook.full': {
    level: 'error',
    fields: ['reason'],
    means: 'As many messages to the webhook wait as may wait; further ones are lost until one was taken.',
    todo: 'Look at the receiver: `hansa webhook test`. What waits is in `hansa approvals`.',
  },
  'webhook.given_up': {
    level: 'error',
    fields: ['message', 'id', 'attempt', 'reason'],
    means: 'The webhook of approvals did not take a message, and it is not sent again.',
    todo: 'Look at the receiver: `hansa webhook test`. What waits is in `hansa approvals`.',
  },
  'webhook.stopped': {
    level: 'error',
    fields: ['error', 'code?', 'reason?', 'at'],
    means: 'Nothing more is told to the webhook of approvals.',
    todo: 'Restart the node to have it told again. What waits is in `hansa approvals`.',
  },
  ...hostLogEvents,
  ...identityLogEvents,
  ...sessionLogEvents,
  ...standingLogEvents,
  ...replicaLogEvents,
  ...revocationLogEvents,
  ...routingLogEvents,
  ...witnessLogEvents,
} as const satisfies Record<string, LogEventFacts>

export type LogEvent = keyof typeof logEvents
export type LogLevel = LogEventFacts['level']

type Given = string | number | boolean
type NamedBy<E extends LogEvent> = (typeof logEvents)[E]['fields'][number]
type Optional<N> = N extends `${infer Name}?` ? Name : never
type FieldsOf<E extends LogEvent> = { readonly [N in Exclude<NamedBy<E>, `${string}?`>]: Given } & {
  readonly [N in Optional<NamedBy<E>>]?: Given | undefined
}

/** Name and fields of one line at a level. */
export type LogLineAt<L extends LogLevel> = {
  [E in LogEvent]: (typeof logEvents)[E]['level'] extends L ? [event: E, fields: FieldsOf<E> & LogFields] : never
}[LogEvent]

/** Takes what is in the table and nothing else. Every `Logger` is one. */
export interface EventLogger {
  debug(...line: LogLineAt<'debug'>): void
  info(...line: LogLineAt<'info'>): void
  warn(...line: LogLineAt<'warn'>): void
  error(...line: LogLineAt<'error'>): void
}
