/** Chains of delegations as people read them. */
import type { DelegationLimits, DelegationLink } from '@hansa/protocols'
import { predicateText } from '@hansa/trust'
import type { Style } from './print.ts'
import { facts, time } from './table.ts'

export type ShownLink = Omit<DelegationLink, 'obo'> & { hash: string; obo?: string | undefined }

/** One block a link, the first one first. */
export function chainText(style: Style, links: readonly ShownLink[]): string {
  return links.map((link, at) => linkText(style, link, at)).join('\n')
}

function linkText(style: Style, link: ShownLink, at: number): string {
  const { iss, aud, cmd, pol, lim, nbf, exp, dep, obo, hash } = link
  const head = style.bold(`link ${at}`)
  const body = facts(style, [
    [at === 0 ? '  from the owner' : '  from', iss],
    ['  to', aud],
    ['  may call', cmd === '/' ? 'everything' : `${cmd.slice(1).replaceAll('/', '.')} and below`],
    ['  where', pol.length === 0 ? undefined : pol.map(predicateText).join('\n')],
    ['  at most', limitsText(lim)],
    ['  from when', time(nbf)],
    ['  until', time(exp)],
    ['  may be passed on', dep === 0 ? 'no' : dep === 1 ? 'once' : `${dep} times`],
    ['  on behalf of', obo],
    ['  hash', hash],
  ])
  return `${head}\n${body}`
}

export function limitsText({ calls, rows, tokens, money }: DelegationLimits): string | undefined {
  const named = [
    calls === undefined ? [] : `${calls} calls`,
    rows === undefined ? [] : `${rows} rows`,
    tokens === undefined ? [] : `${tokens} tokens`,
    money === undefined ? [] : `${money.minor} ${money.currency} (minor units)`,
  ].flat()
  return named.length === 0 ? undefined : named.join(', ')
}
