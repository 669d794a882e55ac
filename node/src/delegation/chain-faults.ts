/** What is wrong with a chain or a link, in the words of whoever has to do something about it. */
import { CallError, type Did } from '@hansa/protocols'
import { type ChainVerdict, readLink } from '@hansa/trust'

/** A link that this kernel does not make, because no verifier would take it. @param parent the link before */
export function widens(reason: string, parent: string | undefined): CallError {
  const before = parent === undefined ? undefined : readLink(parent)?.link
  if (before === undefined) return refused(`the link cannot be made: ${reason}`, 'Correct it and try again.')
  const advice =
    before.dep === 0
      ? `Ask ${before.iss} for a link with more depth (hansa delegate --depth).`
      : `Give less, or ask ${before.iss} for more: it gave ${before.cmd} until ${new Date(before.exp * 1000).toISOString()}, ${limits(before.lim)}.`
  return refused(`the link would give more than this kernel was given: ${reason}`, advice)
}

const advices: Readonly<Record<string, string>> = {
  chain_length: 'A chain has one to four links.',
  chain_too_large: 'A chain has at most 8 KiB: say less in its predicates.',
  chain_returns: 'Nobody is in a chain twice: pass it to somebody else.',
  link_expired: 'Ask its issuer for a new one.',
  link_not_yet: 'Wait until it begins, or correct the clock of this machine.',
  link_revoked: 'Ask its issuer why, and for a new one.',
  link_life: 'A link lives a year at most, and ends after it begins.',
  root_missing: 'The first link has to come first: ask for the whole file.',
  root_not_of_the_owner: 'Only who owns something gives the first link of a chain.',
}

export function refusedChain(
  { reason, at }: Extract<ChainVerdict, { ok: false }>,
  jwss: readonly string[],
  self: Did,
): CallError {
  if (reason === 'not_the_invoker') {
    const last = jwss.at(-1)
    const named = last === undefined ? undefined : readLink(last)?.link.aud
    return refused(`the chain names ${named} and not this kernel, ${self}`, 'Give it to the kernel that it names.')
  }
  const where = at === undefined ? 'the chain' : `link ${at} of the chain`
  return refused(`${where} does not hold: ${reason}`, advices[reason] ?? 'Ask whoever gave it for another one.')
}

function limits({ calls, rows, tokens, money }: NonNullable<ReturnType<typeof readLink>>['link']['lim']): string {
  const named = [
    calls === undefined ? [] : `${calls} calls`,
    rows === undefined ? [] : `${rows} rows`,
    tokens === undefined ? [] : `${tokens} tokens`,
    money === undefined ? [] : `${money.minor} ${money.currency} in minor units`,
  ].flat()
  return named.length === 0 ? 'without a limit' : `at most ${named.join(', ')}`
}

function refused(what: string, advice: string): CallError {
  return new CallError({ code: 'invalid_request' }, `invalid_request: ${what}. ${advice}`)
}
