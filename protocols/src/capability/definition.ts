/**
 * What an agent author or a configuration file hands over to register a capability. The driver's operation comes from
 * the registration and never from the arguments of a call.
 */
import type { z } from 'zod'
import type { Content } from '../content/content-part.ts'
import type { CostPerCall } from '../delegation/charge.ts'
import type { CallNote } from '../exchange/call-note.ts'
import type { InputMethod, InputRequests, InputResponses } from '../exchange/input-request.ts'
import type { CapabilityId } from '../syntax/capability-id.ts'
import type { CapabilityKind } from './kind.ts'
import type { Label } from './label.ts'
import type { Limits } from './limits.ts'
import type { Obligation } from './obligation.ts'
import type { Safety } from './safety.ts'

/** A JSON Schema document: an object, or its JSON text, draft-07 or 2020-12 as its own `$schema` says; or a zod schema. */
export type SchemaSource = Readonly<Record<string, unknown>> | string | z.ZodType

export type CapabilityDefinition = {
  id: CapabilityId
  /** Semantic version of the behaviour. @default '1.0.0' */
  version?: string
  /** @default 'tool' */
  kind?: CapabilityKind
  title?: string
  description?: string
  /** @default 'DESTRUCTIVE', because what is not classified is not trusted */
  safety?: Safety
  /** Labels that every result carries. @default [] */
  sensitivity?: readonly Label[]
  /** Free words by which a registry finds it. @default [] */
  tags?: readonly string[]
  /** Whether doing it twice is the same as doing it once. @default false, true for READ */
  idempotent?: boolean
  input?: SchemaSource
  /** Without it a result is an untrusted text frame and carries no structured data. */
  output?: SchemaSource
  obligations?: readonly Obligation[]
  limits?: Limits
  /**
   * Example arguments with which importers may test now and then that it is served. They call it like anybody, with the
   * purpose `canary`. Only for READ without labels. @default nobody tests it
   */
  canary?: unknown
  /** What one call costs, for chains that limit tokens or money. @default not said, so that such chains do not cover it */
  cost?: CostPerCall
}

/** What a handler learns about the call it serves. Nothing in it is a credential. */
export type InvocationContext = {
  callId: string
  /** Who asks, as this kernel names it. */
  principal: string
  /** Aborted at the deadline and when the caller cancels. */
  signal: AbortSignal
  /** What may be asked of the caller, by returning an `InputRequired`. */
  accepts: readonly InputMethod[]
  /** The answers of the caller, and what was kept of the call before this one. */
  continued?: { responses: InputResponses; state: unknown }
  /** Says something before the call ends. It may reach nobody. */
  note(note: CallNote): void
}

/** What a handler returns that cannot go on without something from its caller. */
export class InputRequired {
  readonly requests: InputRequests
  readonly state: unknown

  /**
   * @param requests by a name each; only methods that the caller accepts
   * @param state what the handler finds as `context.continued.state` in the call that brings the answers; it stays in
   *   this process and is forgotten after ten minutes
   */
  constructor(requests: InputRequests, state?: unknown) {
    this.requests = requests
    this.state = state
  }
}

/** What a handler returns whose answer is made of several parts, or that says in words that it failed. */
export class ContentAnswer {
  readonly content: Content
  readonly isError: boolean

  constructor(content: Content, { isError = false }: { isError?: boolean } = {}) {
    this.content = content
    this.isError = isError
  }
}

/** Serves one capability. What it returns is screened before anyone sees it; what it throws reaches nobody outside. */
export type CapabilityHandler = (args: unknown, context: InvocationContext) => unknown | Promise<unknown>
