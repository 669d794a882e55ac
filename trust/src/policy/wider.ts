/**
 * Whether one policy may permit something that another one does not. Decided by the rules alone, whatever the call, so it
 * errs on one side only: no reason means that the later policy permits nothing more, under duties that are no milder; a
 * reason means that this cannot be shown.
 *
 * Four properties of an evaluation make this possible: a deny wins over everything; a condition that fails denies; duties
 * and limits of all rules that permit add up; and a rule matches by its patterns and its condition, and by nothing else.
 * So the later policy is no wider if each rule of it that permits lies within one of before, and each rule of before that
 * holds something back is still there, at least as wide and as strict, or is out of reach of everything that permits.
 */
import type { NormalRule } from './compile.ts'
import { fulfils, parseObligations } from './obligations.ts'
import { patternKeys } from './pattern.ts'

/** @returns a sentence for each thing that may be wider; none when nothing is. */
export function whyWider(before: readonly NormalRule[], after: readonly NormalRule[]): string[] {
  const granting = after.filter(grants)
  const added = granting
    .filter((rule) => !before.some((old) => grants(old) && isWithin(rule, old)))
    .map(({ id }) => `rule ${id} may permit what no rule permitted before`)
  const lost = before
    .filter((old) => restrains(old) && !after.some((rule) => keeps(rule, old)) && !isOutOfReach(old, granting))
    .map(({ id }) => `what rule ${id} held back may no longer be held back`)
  return [...added, ...lost]
}

function grants({ effect }: NormalRule): boolean {
  return effect !== 'deny'
}

/** Whatever the rule applies to, the old one applied to. */
function isWithin(rule: NormalRule, old: NormalRule): boolean {
  return spans(old, rule) && (old.when === undefined || old.when === rule.when)
}

/** A rule that does more than permit. A condition holds back too: one that fails denies what others permit. */
function restrains({ effect, when, obligations, limit }: NormalRule): boolean {
  return effect !== 'allow' || when !== undefined || obligations.length > 0 || limit !== undefined
}

/** Wherever the old rule held something back, this one holds back at least as much. */
function keeps(rule: NormalRule, old: NormalRule): boolean {
  if (!spans(rule, old)) return false
  if (rule.effect === 'deny') return rule.when === undefined || rule.when === old.when
  if (old.effect === 'deny' || rule.when !== old.when) return false
  if (old.effect === 'require_approval' && rule.effect !== 'require_approval') return false
  return hasDutiesOf(rule, old) && hasLimitOf(rule, old)
}

function hasDutiesOf(rule: NormalRule, old: NormalRule): boolean {
  const [now, before] = [parseObligations(rule.obligations), parseObligations(old.obligations)]
  return now.ok && before.ok && fulfils(now.obligations, before.obligations)
}

/** Calls are counted under the name of the rule and the length of its window: under others the count begins at nothing. */
function hasLimitOf(rule: NormalRule, { id, limit }: NormalRule): boolean {
  if (limit === undefined) return true
  return rule.id === id && rule.limit?.per_seconds === limit.per_seconds && rule.limit.calls <= limit.calls
}

/**
 * Nothing that the old rule applied to is permitted by any rule now. A call of another kernel may be permitted by no rule
 * at all, where it has the same owner, and one caller has several names there: only own principals are out of reach.
 */
function isOutOfReach(old: NormalRule, granting: readonly NormalRule[]): boolean {
  return old.subject.every(isOwn) && granting.every((rule) => areApart(rule, old))
}

function areApart(one: NormalRule, other: NormalRule): boolean {
  const apart = (a: readonly string[], b: readonly string[], both: (p: string, q: string) => boolean) =>
    a.every((p) => b.every((q) => both(p, q)))
  const actions = apart(one.action, other.action, (p, q) => p !== '*' && q !== '*' && p !== q)
  return actions || apart(one.resource, other.resource, isApart) || apart(one.subject, other.subject, isOtherSubject)
}

function isOtherSubject(one: string, own: string): boolean {
  return isOfPeer(one) || (isOwn(one) && isApart(one, own))
}

function isOwn(subject: string): boolean {
  return /^(?:agent|person):/.test(subject)
}

function isOfPeer(subject: string): boolean {
  return /^(?:did|peer):/.test(subject)
}

/** Every subject, action and resource of the inner rule is one of the outer. */
function spans(outer: NormalRule, inner: NormalRule): boolean {
  const actions = outer.action.includes('*') || inner.action.every((name) => outer.action.includes(name))
  return actions && spansAll(outer.subject, inner.subject) && spansAll(outer.resource, inner.resource)
}

function spansAll(outer: readonly string[], inner: readonly string[]): boolean {
  return inner.every((pattern) => outer.some((other) => covers(other, pattern)))
}

/** Every id that the inner pattern matches, the outer one matches. */
function covers(outer: string, inner: string): boolean {
  if (outer === '*' || outer === inner) return true
  const prefix = prefixOf(inner)
  if (prefix === undefined) return patternKeys(inner).includes(outer)
  const wider = prefixOf(outer)
  return wider !== undefined && prefix.startsWith(wider)
}

/** No id is matched by both. */
function isApart(one: string, other: string): boolean {
  const [a, b] = [prefixOf(one), prefixOf(other)]
  if (a === undefined && b === undefined) return one !== other
  if (a === undefined) return !patternKeys(one).includes(other)
  if (b === undefined) return !patternKeys(other).includes(one)
  return !a.startsWith(b) && !b.startsWith(a)
}

/** Of `files.*` the part before the star; of `*` nothing; undefined of an exact id. */
function prefixOf(pattern: string): string | undefined {
  return pattern.endsWith('*') ? pattern.slice(0, -1) : undefined
}
