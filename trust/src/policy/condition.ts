/**
 * Conditions of rules: CEL, parsed and type-checked once, when the policy is loaded (wire.md: Policy conditions).
 *
 * Evaluation is synchronous and cannot be interrupted, so its work is bounded by what is allowed in a condition:
 * at most 256 nodes, a closed list of functions that are linear in their input, and quantifiers only over a list that
 * is written out in the condition, never inside another quantifier. A quantifier over a list in the arguments would
 * let the caller choose how long the policy takes, and two of them nested would square it. `matches` is not available:
 * the engine of the platform backtracks. `contains` takes a literal, because a search whose needle the caller chooses
 * is not linear.
 *
 * Variables: `subject {id, ids, did, kind, standing}`, `peer {did, score, tier}`, `action`,
 * `resource {id, safety, sensitivity, peer}`, `args` (any members), `purpose`, `remote {effect, obligations}`,
 * `delegation {present, owner, issuer, depth, chain, obo}`, `sponsor {present, did, purpose}`,
 * `agreement {covers, id, purpose, purposes}`, `now` (a timestamp).
 * A member that is absent from `args` is an error unless `has()` asks for it first; `error || true` is true; an error
 * that reaches the top denies.
 */
import { type ASTNode, Environment, EvaluationError } from '@marcbachmann/cel-js'
import {
  AgreementFacts,
  DelegationFacts,
  PeerFacts,
  RemoteFacts,
  ResourceFacts,
  SponsorFacts,
  SubjectFacts,
} from './condition-context.ts'

export const conditionVariables = [
  'subject',
  'peer',
  'action',
  'resource',
  'args',
  'purpose',
  'remote',
  'delegation',
  'sponsor',
  'agreement',
  'now',
] as const
export type ConditionVariable = (typeof conditionVariables)[number]

export type Condition = {
  readonly source: string
  /** Whether it looks at the arguments, whose translation costs. */
  readonly readsArgs: boolean
  /** Whether it looks at what the peer decided, which is not known before the peer is asked. */
  readonly readsRemote: boolean
  /** Variables that it names. */
  readonly reads: ReadonlySet<ConditionVariable>
  /** @throws ConditionError when it cannot be decided. */
  holds(context: object): boolean
}

/** Why a condition could not be decided; never holds a value of the call. */
export class ConditionError extends Error {
  override readonly name: string = 'ConditionError'
}

export type CompiledCondition = { ok: true; condition: Condition } | { ok: false; reason: string }

/** Bounds of one condition. A policy that needs more is better read as several rules. */
const LIMITS = { maxAstNodes: 256, maxDepth: 32, maxListElements: 64, maxMapEntries: 0, maxCallArguments: 4 }

const FUNCTIONS = new Set(['has', 'size', 'int', 'double', 'string', 'bool', 'type', 'timestamp', 'duration'])

/** Method to the number of arguments it may take here. */
const METHODS: ReadonlyMap<string, number> = new Map([
  ['startsWith', 1],
  ['endsWith', 1],
  ['contains', 1],
  ['size', 0],
  ['lowerAscii', 0],
  ['upperAscii', 0],
  ['trim', 0],
  ['getFullYear', 0],
  ['getMonth', 0],
  ['getDate', 0],
  ['getDayOfMonth', 0],
  ['getDayOfWeek', 0],
  ['getHours', 0],
  ['getMinutes', 0],
  ['getSeconds', 0],
  ['all', 2],
  ['exists', 2],
  ['exists_one', 2],
])
const QUANTIFIERS = new Set(['all', 'exists', 'exists_one'])

const environment = new Environment({ limits: LIMITS })
  .registerType('Subject', {
    ctor: SubjectFacts,
    fields: { id: 'string', ids: 'list<string>', did: 'string', kind: 'string', standing: 'int' },
  })
  .registerType('Peer', { ctor: PeerFacts, fields: { did: 'string', score: 'int', tier: 'string' } })
  .registerType('Resource', {
    ctor: ResourceFacts,
    fields: { id: 'string', safety: 'string', sensitivity: 'list<string>', peer: 'string' },
  })
  .registerType('Remote', { ctor: RemoteFacts, fields: { effect: 'string', obligations: 'list<string>' } })
  .registerType('Delegation', {
    ctor: DelegationFacts,
    fields: { present: 'bool', owner: 'string', issuer: 'string', depth: 'int', chain: 'string', obo: 'string' },
  })
  .registerType('Sponsor', { ctor: SponsorFacts, fields: { present: 'bool', did: 'string', purpose: 'string' } })
  .registerType('Agreement', {
    ctor: AgreementFacts,
    fields: { covers: 'bool', id: 'string', purpose: 'string', purposes: 'list<string>' },
  })
  .registerVariable('subject', 'Subject')
  .registerVariable('peer', 'Peer')
  .registerVariable('action', 'string')
  .registerVariable('resource', 'Resource')
  .registerVariable('args', 'map<string, dyn>')
  .registerVariable('purpose', 'string')
  .registerVariable('remote', 'Remote')
  .registerVariable('delegation', 'Delegation')
  .registerVariable('sponsor', 'Sponsor')
  .registerVariable('agreement', 'Agreement')
  .registerVariable('now', 'google.protobuf.Timestamp')

/** @returns the condition, or one sentence that says why it is none. */
export function compileCondition(source: string): CompiledCondition {
  let evaluate: ReturnType<Environment['parse']>
  try {
    evaluate = environment.parse(source)
    const fault = findFault(evaluate.ast, false)
    if (fault !== undefined) return { ok: false, reason: fault }
    const check = evaluate.check()
    if (!check.valid) return { ok: false, reason: reasonOf(check.error) }
    if (check.type !== 'bool' && check.type !== 'dyn') {
      return { ok: false, reason: `the condition is of type ${check.type}, not bool` }
    }
  } catch (error) {
    return { ok: false, reason: reasonOf(error) }
  }
  const reads = new Set(conditionVariables.filter((name) => mentions(evaluate.ast, name)))
  const [readsArgs, readsRemote] = [reads.has('args'), reads.has('remote')]
  return {
    ok: true,
    condition: { source, readsArgs, readsRemote, reads, holds: (context) => decide(evaluate, context) },
  }
}

function decide(evaluate: (context: object) => unknown, context: object): boolean {
  let result: unknown
  try {
    result = evaluate(context)
  } catch (error) {
    // Only the kind of the error: its text may quote arguments, and this goes to the log.
    throw new ConditionError(error instanceof EvaluationError ? error.code : 'failed', { cause: error })
  }
  if (typeof result !== 'boolean') throw new ConditionError('not_boolean')
  return result
}

function findFault(node: ASTNode, quantified: boolean): string | undefined {
  let inner = quantified
  if (node.op === 'call' && !FUNCTIONS.has(node.args[0])) return `${node.args[0]}() is not available in conditions`
  if (node.op === 'rcall') {
    const fault = methodFault(node.args[0], node.args[1], node.args[2], quantified)
    if (fault !== undefined) return fault
    inner = quantified || QUANTIFIERS.has(node.args[0])
  }
  for (const child of children(node)) {
    const fault = findFault(child, inner)
    if (fault !== undefined) return fault
  }
  return undefined
}

function methodFault(name: string, receiver: ASTNode, args: ASTNode[], quantified: boolean): string | undefined {
  if (name === 'matches')
    return 'matches() is not available in conditions: use startsWith, endsWith, contains or a list'
  if (METHODS.get(name) !== args.length) {
    return `.${name}() with ${args.length} arguments is not available in conditions`
  }
  if (name === 'contains' && args[0]?.op !== 'value') return '.contains() takes a literal text'
  if (!QUANTIFIERS.has(name)) return undefined
  if (receiver.op !== 'list') return `.${name}() takes a list that is written out in the condition`
  return quantified ? `.${name}() inside another quantifier is not available` : undefined
}

function mentions(node: ASTNode, name: string): boolean {
  if (node.op === 'id') return node.args === name
  return children(node).some((child) => mentions(child, name))
}

function children(node: ASTNode): ASTNode[] {
  return nodesIn(node.args)
}

function nodesIn(part: unknown): ASTNode[] {
  if (Array.isArray(part)) return part.flatMap(nodesIn)
  return isNode(part) ? [part] : []
}

function isNode(part: unknown): part is ASTNode {
  return typeof part === 'object' && part !== null && 'op' in part
}

function reasonOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'summary' in error) return String(error.summary)
  return error instanceof Error ? error.message : 'not a condition'
}
