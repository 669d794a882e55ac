/**
 * One pass of the firewall over one payload (security.md B7): size, strict JSON, schema, secrets, labels, hidden text,
 * injection markers, flow, budget, in this order. What differs between the four passes is data, in profile.ts.
 *
 * Pure and synchronous: no clock, so no time bound; the work is linear in the payload instead. Whatever throws in here,
 * a detector of the operator included, blocks. A payload in which nothing has to change leaves as the bytes it came as.
 */
import type { ContentResult, FirewallPass, InputRequests, Label, Verdict } from '@hansa/protocols'
import { type Obligations, parseStrictJson, unionLabels } from '@hansa/trust'
import { applyContentRules, applyQuestionRules, readableMarks } from './content-rules.ts'
import { type Detectors, isSuspect } from './detector.ts'
import { applyFieldRules, type FieldRules, plainName } from './fields.ts'
import { type Profile, profiles } from './profile.ts'
import { type RewriteRules, type Rewritten, rewriteTexts } from './rewrite-texts.ts'
import type { SchemaCheck } from './schema-check.ts'
import { cleanSurvey, type Survey, survey } from './survey.ts'
import { traitsOf } from './traits.ts'
import { type Path, type Redaction, VerdictLog } from './verdict-log.ts'

/** What a token grants of a result. */
export type ScreenBudget = { maxRows?: number; maxBytes?: number; fields?: readonly string[] }

export type ScreenInput = {
  pass: FirewallPass
  /** JSON text. */
  bytes: Uint8Array
  /** What `parseStrictJson(bytes, 'payload')` gave, where the caller has it already. It is not altered. */
  parsed?: unknown
  /** Of the arguments or of the result. A result without one becomes a text frame: one text, untrusted. */
  schema?: SchemaCheck
  /** What a result is when it is not what its capability declares; its schema is that of the form. */
  form?: 'content' | 'input_required'
  obligations: Obligations
  /** Known so far: of the capability, the arguments, the receipt. None of them is ever taken away. */
  labels: readonly Label[]
  /** Labels that may go where arguments are going: a peer's, or a capability's. @default every label */
  clearance?: readonly Label[]
  budget?: ScreenBudget
  detectors: Detectors
}

export type ScreenOutcome =
  | {
      ok: true
      bytes: Uint8Array
      value: unknown
      labels: Label[]
      /** Comes from outside, is free text, or holds something that aims at whoever reads it. Never a promise when false. */
      untrusted: boolean
      verdicts: Verdict[]
      /** The first 256 changes; the verdicts count all of them. */
      redactions: Redaction[]
    }
  | { ok: false; code: ScreenCode; reason: string; verdicts: Verdict[] }

export type ScreenCode = 'firewall_blocked' | 'budget_exceeded' | 'invalid_request'

/** Why a stage refused. */
type Stop = { stop: ScreenCode; reason: string }

/** @returns what may go on, or why nothing may. Never throws. */
export function screen(input: ScreenInput): ScreenOutcome {
  const log = new VerdictLog(input.pass)
  try {
    const outcome = runStages(input, profiles[input.pass], log)
    if (!('stop' in outcome)) return outcome
    return { ok: false, code: outcome.stop, reason: outcome.reason, verdicts: log.verdicts() }
  } catch {
    // Not told what: the message of a detector may quote what it looked at.
    log.note(log.stage, 'stage_failed', 'block')
    return { ok: false, code: 'firewall_blocked', reason: `stage ${log.stage} failed`, verdicts: log.verdicts() }
  }
}

function runStages(input: ScreenInput, profile: Profile, log: VerdictLog): Extract<ScreenOutcome, { ok: true }> | Stop {
  const { bytes, detectors, obligations } = input
  if (bytes.length > profile.maxBytes) return stop(log, 'size', 'max_bytes', profile.malformed)

  log.stage = 'parse'
  const parsed = parse(input, profile, log)
  if ('stop' in parsed) return parsed
  const checked = checkSchema(parsed.value, input.schema, profile, log)
  if ('stop' in checked) return checked

  log.stage = 'secrets'
  const found = surveyOf(parsed.text, checked.value, profile, detectors)
  const blocked = refuseSecrets(found, log) ?? refuseNames(found, log)
  if (blocked !== undefined) return blocked

  log.stage = 'labels'
  const fields = profile.shapesRows ? fieldRules(obligations, input.budget) : undefined
  const shaped = fields === undefined ? { value: checked.value } : shape(checked.value, input.form, fields, log)
  if (shaped === undefined) return stop(log, 'labels', 'allowed_fields', 'firewall_blocked')
  // JSON inside a text that lost a member is another text, which nobody has looked at yet.
  const same = shaped.value === checked.value || found === cleanSurvey
  const left = same ? found : survey(shaped.value, detectors, profile.hidden === 'strip')
  const rewritten = rewrite(shaped.value, left, input, profile, log)

  log.stage = 'flow'
  const beyond = refuseFlow(rewritten.labels, input, log)
  if (beyond !== undefined) return beyond

  log.stage = 'budget'
  const text = input.schema === undefined && profile.shapesRows
  const written = input.form === 'content' ? marked(shaped.value, rewritten.value) : rewritten.value
  const value = text && typeof written !== 'string' ? JSON.stringify(written) : written
  const out = value === parsed.value ? bytes : Buffer.from(JSON.stringify(value))
  const maxBytes = profile.shapesRows ? smaller(obligations.maxBytes, input.budget?.maxBytes) : undefined
  if (maxBytes !== undefined && out.length > maxBytes) return stop(log, 'budget', 'max_bytes', 'budget_exceeded')
  return {
    ok: true,
    bytes: out,
    value,
    labels: unionLabels(input.labels, [...rewritten.labels]),
    untrusted: profile.untrusted || text || rewritten.suspicious,
    verdicts: log.verdicts(),
    redactions: log.redactions,
  }
}

function stop(log: VerdictLog, stage: Verdict['stage'], rule: string, code: ScreenCode, path?: Path): Stop {
  log.note(stage, rule, 'block', path)
  return { stop: code, reason: `${stage}: ${rule}` }
}

function parse(input: ScreenInput, profile: Profile, log: VerdictLog): { value: unknown; text: string } | Stop {
  const { bytes } = input
  // One character per byte: enough to tell what the payload could hold, and faster than decoding.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  let value = input.parsed
  if (value === undefined) {
    const parsed = parseStrictJson(bytes, 'payload')
    if (!parsed.ok) return stop(log, 'parse', parsed.reason, profile.malformed)
    value = parsed.value
  }
  if (mayNest(text, profile.maxDepth) && nests(value, profile.maxDepth)) {
    return stop(log, 'parse', 'too_deep', profile.malformed)
  }
  return { value, text }
}

/** Whether there are enough brackets at all. */
function mayNest(text: string, depth: number): boolean {
  let brackets = 0
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      if (++brackets > depth) return true
    }
  }
  return false
}

function nests(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return depth === 0 || Object.values(value).some((member) => nests(member, depth - 1))
}

function checkSchema(
  value: unknown,
  schema: SchemaCheck | undefined,
  profile: Profile,
  log: VerdictLog,
): { value: unknown } | Stop {
  log.stage = 'schema'
  if (schema === undefined) return { value }
  let kept = value
  if (profile.undeclared !== 'allowed') {
    const paths = schema.undeclared(value)
    const [first] = paths
    if (first !== undefined && profile.undeclared === 'block') {
      return stop(log, 'schema', 'undeclared_member', profile.malformed, first)
    }
    for (const path of paths) log.change('schema', 'undeclared_member', 'drop', path)
    if (first !== undefined) kept = schema.dropUndeclared(value)
  }
  const mistake = profile.expectsRedactions ? schema.validateRedacted(kept) : schema.validate(kept)
  if (mistake === undefined) return { value: kept }
  log.note('schema', 'not_valid', 'block')
  return { stop: profile.malformed, reason: `schema: ${mistake}` }
}

function surveyOf(text: string, value: unknown, profile: Profile, detectors: Detectors): Survey {
  if (!isSuspect(text, traitsOf(text), detectors)) return cleanSurvey
  return survey(value, detectors, profile.hidden === 'strip')
}

function refuseSecrets({ secrets }: Survey, log: VerdictLog): Stop | undefined {
  for (const { rule, path } of secrets) log.note('secrets', rule, 'block', path)
  const [first] = secrets
  return first === undefined ? undefined : { stop: 'firewall_blocked', reason: `secrets: ${first.rule}` }
}

function refuseNames({ hiddenNames, foldedNames }: Survey, log: VerdictLog): Stop | undefined {
  for (const path of foldedNames) log.note('hidden_text', 'folded_name', 'label', path)
  const [first] = hiddenNames
  return first === undefined ? undefined : stop(log, 'hidden_text', 'hidden_name', 'firewall_blocked', first)
}

/** The schema of the form has been checked. */
function shape(value: unknown, form: ScreenInput['form'], rules: FieldRules, log: VerdictLog) {
  if (form === 'content') return applyContentRules(value as ContentResult, rules, log)
  if (form === 'input_required') return applyQuestionRules(value as InputRequests, rules, log)
  return applyFieldRules(value, rules, log)
}

function marked(before: unknown, after: unknown): unknown {
  return after === before ? after : readableMarks(before as ContentResult, after as ContentResult)
}

/** The field and row rules of obligations and token together; undefined when there are none. */
function fieldRules(obligations: Obligations, budget: ScreenBudget | undefined): FieldRules | undefined {
  const { allowedFields, redactFields } = obligations
  const maxRows = smaller(obligations.maxRows, budget?.maxRows)
  const fields = budget?.fields
  if (allowedFields === undefined && fields === undefined && redactFields.length === 0 && maxRows === undefined) {
    return undefined
  }
  const names = fields === undefined ? allowedFields : fields.filter((name) => allowedFields?.includes(name) ?? true)
  return {
    ...(names === undefined ? {} : { allowed: new Set(names) }),
    redact: new Set(redactFields.map(plainName)),
    ...(maxRows === undefined ? {} : { maxRows }),
  }
}

function rewrite(value: unknown, found: Survey, input: ScreenInput, profile: Profile, log: VerdictLog): Rewritten {
  if (found.reports.size === 0 && !found.cards) return { value, labels: new Set(), suspicious: false }
  const rules: RewriteRules = {
    redact: profile.redact === 'always' ? new Set(input.obligations.redactLabels) : new Set(),
    strip: profile.hidden === 'strip',
  }
  if (profile.redact === 'beyond_clearance' && input.clearance !== undefined) {
    const { clearance, labels } = input
    // What is declared is more than what was recognised, so redacting the one does not remove the other.
    const removable = input.obligations.redactLabels.filter((it) => !clearance.includes(it) && !labels.includes(it))
    rules.redact = new Set(removable)
  }
  return rewriteTexts(value, found, rules, input.detectors, log)
}

function refuseFlow(found: ReadonlySet<Label>, input: ScreenInput, log: VerdictLog): Stop | undefined {
  const { clearance, labels, pass } = input
  if (clearance === undefined || profiles[pass].shapesRows) return undefined
  const beyond = unionLabels(labels, [...found]).filter((label) => !clearance.includes(label))
  if (beyond.length === 0) return undefined
  log.note('flow', 'label_beyond_clearance', 'block', undefined, beyond)
  return { stop: 'firewall_blocked', reason: `flow: ${beyond.join(', ')} may not go there` }
}

function smaller(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
}
