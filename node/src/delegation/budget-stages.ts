/**
 * The stages of a call under a chain that take from its limits: before the begin entry the most that the call may use is
 * reserved, and the chain is asked once more whether it still holds; what leaves is counted.
 */
import type { Clock, Did } from '@hansa/protocols'
import type { Stages } from '../kernel/pipeline.ts'
import type { Begun, CallDelegation, Refusal, Screened } from '../kernel/stages.ts'
import { isRefusal } from '../kernel/stages.ts'
import { agreementLink, type Budgets, type ChainLink } from './budgets.ts'
import { mostCharge, rowsOf } from './charge.ts'

export type BudgetComponents = {
  clock: Clock
  budgets: Budgets
  revoked(hash: string, by: readonly Did[]): boolean
}

type Limited = Pick<Stages<never>, 'begin' | 'outbound' | 'settle'>

export function withinBudgets<S extends Limited>(stages: S, components: BudgetComponents): S {
  const { budgets } = components
  return {
    ...stages,
    begin: (call) =>
      call.caller.kind === 'peer' && (call.delegation !== undefined || call.agreement?.covering?.limits !== undefined)
        ? beginWithin(call, stages.begin, components)
        : stages.begin(call),
    async outbound(answered) {
      const released = await stages.outbound(answered)
      const reserved = answered.call.charge?.rows
      if (isRefusal(released) || reserved === undefined) return released
      const rows = rowsOf(released.output.value)
      if (rows <= reserved) return { ...released, charge: { rows } }
      const under = answered.call.delegation === undefined ? 'agreement' : 'delegation'
      const reason = `${under}: the result has ${rows} rows, and ${reserved} are left`
      return { refused: 'budget_exceeded', reason, verdicts: released.verdicts }
    },
    settle(ended) {
      if (ended.call.callId !== undefined)
        budgets.settle(ended.call.callId, 'refused' in ended ? 0 : (ended.charge?.rows ?? 0))
      stages.settle(ended)
    },
  } satisfies Limited as S
}

async function beginWithin(
  call: Screened,
  begin: (call: Screened) => Begun | Refusal | Promise<Begun | Refusal>,
  { clock, budgets, revoked }: BudgetComponents,
): Promise<Begun | Refusal> {
  const now = Math.floor(clock.now() / 1000)
  const { delegation } = call
  const over = delegation === undefined ? undefined : whyOver(delegation, now, revoked)
  if (over !== undefined) return { refused: 'policy_denied', reason: `delegation: ${over}` }
  const links = [...(delegation === undefined ? [] : chainLinks(delegation)), ...agreedLink(call, now)]
  const reserved = budgets.reserve(call.callId, links, mostCharge(call), clock.now())
  if (!reserved.ok) return { refused: reserved.code, reason: reserved.reason }
  const { charge } = reserved
  const grant = charge.rows === undefined ? call.grant : { ...call.grant, maxRows: charge.rows }
  let begun: Begun | Refusal | undefined
  try {
    begun = await begin({ ...call, grant, charge })
    return begun
  } finally {
    if (begun === undefined || isRefusal(begun)) budgets.release(call.callId, links, charge)
  }
}

function agreedLink({ agreement }: Screened, now: number): ChainLink[] {
  const { id, limits } = agreement?.covering ?? {}
  return id === undefined || limits === undefined ? [] : [agreementLink(id, limits, now)]
}

function chainLinks({ hashes, links }: CallDelegation): ChainLink[] {
  return links.flatMap((link, at) => {
    const hash = hashes[at]
    return hash === undefined ? [] : [{ hash, link }]
  })
}

/** The firewall and a person's approval take time. */
function whyOver(
  { links, hashes }: CallDelegation,
  now: number,
  revoked: BudgetComponents['revoked'],
): string | undefined {
  for (const [at, { exp }] of links.entries()) {
    if (now >= exp) return `link ${at}: link_expired`
    if (
      revoked(
        hashes[at] ?? '',
        links.slice(0, at + 1).map(({ iss }) => iss),
      )
    )
      return `link ${at}: link_revoked`
  }
  return undefined
}
