/** Agreements, for people. */
import type { AgreedCalls, AgreedLimits, AgreementEnding, AgreementInfo, AgreementState } from '@hansa/protocols'
import type { Style } from './print.ts'
import { counted, duration, facts, table, time } from './table.ts'

const endings: Readonly<Record<AgreementEnding, string>> = {
  rejected: 'rejected',
  withdrawn: 'withdrawn',
  lapsed: 'not accepted in time',
  ended: 'ended',
  over: 'its time has passed',
  key_revoked: 'a key that signed it was revoked',
}

export function agreementTable(style: Style, known: readonly AgreementInfo[]): string {
  const rows = known.map((info) => [
    style.name(info.id.slice(0, 12)),
    stateText(style, info.state),
    info.alias ?? info.peer,
    info.purpose,
    time(info.until),
    nextOf(info) ?? (info.end === undefined ? '' : endings[info.end.why]),
  ])
  return table(style, ['agreement', 'state', 'with', 'purpose', 'until', 'next'], rows)
}

/** @param now Unix seconds */
export function agreementText(style: Style, info: AgreementInfo, now: number): string {
  const { id, state, own, peer, alias, purpose, wePermit, theyPermit, standing, from, until, acceptBy, end } = info
  const who = alias === undefined ? peer : `${alias}, ${peer}`
  const left = until - now
  return facts(style, [
    ['agreement', style.name(id)],
    ['state', stateText(style, state)],
    ['with', who],
    ['proposed by', own ? 'this kernel' : 'the other kernel'],
    ['purpose', purpose],
    ['they may call', callsText(wePermit)],
    ['we may call', callsText(theyPermit)],
    ['vouches', standing === 0 ? 'for nothing' : `for a standing of ${standing}, each for the other`],
    ['from', time(from)],
    ['until', state !== 'ended' && left > 0 ? `${time(until)}, in ${duration(left)}` : time(until)],
    ['accept by', state === 'proposed' ? time(acceptBy) : undefined],
    ['handed over', handedText(info)],
    ['ended', end === undefined ? undefined : endText(end)],
    ['next', nextOf(info)],
  ])
}

function callsText({ capabilities, labels, calls_per_day: perDay, limits }: AgreedCalls): string {
  if (capabilities.length === 0) return 'nothing'
  const data = labels.length === 0 ? 'unlabelled data' : `data up to ${labels.join(', ')}`
  const daily = perDay === undefined ? [] : [`${counted(perDay, 'call')} a day`]
  return [capabilities.join(', '), data, ...daily, ...limitTexts(limits)].join('; ')
}

function limitTexts({ rows, tokens, money }: AgreedLimits = {}): string[] {
  const all = [
    rows === undefined ? undefined : counted(rows, 'row'),
    tokens === undefined ? undefined : counted(tokens, 'token'),
    money === undefined ? undefined : `${money.minor} ${money.currency} (minor units)`,
  ].filter((one) => one !== undefined)
  return all.length === 0 ? [] : [`${all.join(', ')} in all`]
}

function handedText({ handed, undelivered, state }: AgreementInfo): string | undefined {
  if (handed || state === 'ended') return undefined
  return undelivered === undefined ? 'not yet' : `not yet: ${undelivered}`
}

function endText({ why, at, by, reason }: NonNullable<AgreementInfo['end']>): string {
  const who = by === null ? '' : ` by ${by}`
  return `${time(at)}: ${endings[why]}${who}${reason === '' ? '' : `, "${reason}"`}`
}

function nextOf({ state, own, id }: AgreementInfo): string | undefined {
  if (state === 'proposed')
    return own ? 'the other kernel accepts it' : `hansa agreement accept ${id.slice(0, 12)}, or reject`
  if (state === 'accepted') return 'it is handed over, and again if need be'
  return state === 'agreed' ? 'it begins by itself' : undefined
}

function stateText(style: Style, state: AgreementState): string {
  const shown = state.replace('_', ' ')
  if (state === 'in_force') return style.good(shown)
  return state === 'ended' ? style.dim(shown) : style.warn(shown)
}
