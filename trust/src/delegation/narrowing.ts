/** Whether a link gives no more than the one before it. Predicates are not compared: those of every link have to hold. */
import type { DelegationLimits, DelegationLink } from '@hansa/protocols'
import { covers } from './command.ts'

/** @returns what the later link widens or breaks; undefined when it fits behind the earlier one, hashes aside. */
export function whyWider(earlier: DelegationLink, later: DelegationLink): string | undefined {
  if (later.iss !== earlier.aud) return 'its issuer is not whom the link before names'
  if (later.sub !== earlier.sub || later.root !== earlier.root) return 'it is of another chain'
  if (!covers(earlier.cmd, later.cmd)) return `${later.cmd} is not below ${earlier.cmd}`
  if (later.exp > earlier.exp) return 'it ends later than the link before'
  if (later.nbf < earlier.nbf) return 'it begins sooner than the link before'
  if (later.dep !== earlier.dep - 1)
    return earlier.dep === 0 ? 'no link may follow' : 'its depth does not count down by one'
  return whyMore(earlier.lim, later.lim)
}

function whyMore(earlier: DelegationLimits, later: DelegationLimits): string | undefined {
  for (const name of ['calls', 'rows', 'tokens'] as const) {
    const [before, after] = [earlier[name], later[name]]
    if (before !== undefined && after !== undefined && after > before) return `its limit of ${name} is larger`
  }
  if (earlier.money === undefined || later.money === undefined) return undefined
  if (later.money.currency !== earlier.money.currency) return 'its limit is in another currency'
  return later.money.minor > earlier.money.minor ? 'its limit of money is larger' : undefined
}
