/**
 * Which call a message is to become. In this order: the extension of a message that knows of kernels; one data part
 * `{ capability, arguments }`; the tenant; what the operator has set as the default. Pure.
 */
import {
  type A2aPart,
  type A2aSend,
  type CapabilityInfo,
  capabilityRefSchema,
  contentOfParts,
  HANSA_EXTENSION,
  type HansaMessage,
  hansaMessageSchema,
} from '@hansa/protocols'
import { z } from 'zod'
import { faultOfParams, invalidParams } from './a2a-fault.ts'
import type { TaskCall } from './task-store.ts'

export type ChosenCallInit = {
  params: A2aSend
  contextId: string
  /** What a message that names nothing is for. */
  defaultCapability?: string
  /** What is known of a capability; nothing is decided by it. */
  find(ref: string): Pick<CapabilityInfo, 'kind'> | undefined
}

const namedSchema = z.strictObject({ capability: capabilityRefSchema, arguments: z.unknown().optional() })

const HOW = `Name it in the metadata of the message under ${HANSA_EXTENSION} as { "capability": "ID" }, or send one data part { "capability": "ID", "arguments": … }, or send it as the tenant. GetExtendedAgentCard lists what there is.`

/** @throws A2aFault that says how to name a capability, or what its arguments are missing. */
export function chosenCall({ params, contextId, defaultCapability, find }: ChosenCallInit): TaskCall {
  const { message, tenant } = params
  const said = extensionOf(params)
  const [only] = message.parts
  const named = message.parts.length === 1 ? namedSchema.safeParse(only?.data).data : undefined
  const capability = said.capability ?? named?.capability ?? (tenant || undefined) ?? defaultCapability ?? unnamed()
  if (!capabilityRefSchema.safeParse(capability).success)
    throw invalidParams(`The tenant is no capability of this kernel. ${HOW}`)
  const { purpose, delegation, idempotencyKey, labels } = said
  return {
    capability,
    args: said.arguments ?? named?.arguments ?? argumentsOf(capability, message.parts, contextId, find),
    ...(purpose === undefined ? {} : { purpose }),
    ...(delegation === undefined ? {} : { delegation }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(labels === undefined ? {} : { labels }),
  }
}

function extensionOf({ message, metadata }: A2aSend): HansaMessage {
  const given = message.metadata?.[HANSA_EXTENSION] ?? metadata?.[HANSA_EXTENSION]
  if (given === undefined) return {}
  const parsed = hansaMessageSchema.safeParse(given)
  if (parsed.success) return parsed.data
  throw faultOfParams(parsed.error)
}

function unnamed(): never {
  throw invalidParams(`The message names no capability, and this kernel has no default for such messages. ${HOW}`)
}

/** What a message says to a capability by itself: all of it to an agent, its data to everything else. */
function argumentsOf(
  capability: string,
  parts: readonly A2aPart[],
  contextId: string,
  find: ChosenCallInit['find'],
): unknown {
  const kind = find(capability)?.kind
  const [only] = parts
  if (kind !== 'task' && parts.length === 1 && only?.data !== undefined) return only.data
  // Of what is not known here nothing is said: the kernel refuses it as it refuses everything that is not to be seen.
  if (kind === 'task' || kind === undefined) return { message: contentOfParts(parts), context: contextId }
  throw invalidParams(
    `${capability} is a ${kind}: send its arguments as one data part, or as "arguments" beside its name.`,
  )
}
