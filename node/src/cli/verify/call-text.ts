import type { CallStory, PairFinding } from '@hansa/trust/ledger'
import type { Style } from '../print.ts'
import { facts } from '../table.ts'
import { findingLines, section } from './log-text.ts'

/** @param findings of the pair that are about this call. */
export function callText(style: Style, { callId, cap, steps }: CallStory, findings: readonly PairFinding[]): string {
  const lines = steps.map(({ side, seq, tMs, type, text, signature }) => {
    const head = `${style.bold(`${side}:${seq}`)}  ${new Date(tMs).toISOString()}  ${style.name(type)}`
    const proof =
      signature === undefined
        ? []
        : [`    ${signature.verified ? style.good('proves') : style.dim('signed')}  ${signature.proves}`]
    return [head, `    ${text}`, ...proof].join('\n')
  })
  return [
    facts(style, [
      ['call', callId],
      ['capability', cap],
    ]),
    ...lines,
    ...section('Findings', findingLines(style, [...findings])),
  ].join('\n')
}
