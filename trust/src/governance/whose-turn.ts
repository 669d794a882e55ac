/** Who has to act next in a case, and until when: for the person who asks, and for the one who acted out of turn. */
import type { CaseRecord } from '@hansa/protocols'
import { isPerson } from './persons.ts'

export type Turn = {
  /** A phrase such as "a person other than person:ana decides it". */
  text: string
  /** Unix seconds, exclusive; null when it has no deadline, or has missed it. */
  until: number | null
}

export function whoseTurn(record: CaseRecord): Turn {
  return { text: textOf(record), until: record.due }
}

/** With the deadline in words, as a sentence without its full stop. */
export function turnText(record: CaseRecord): string {
  const { text, until } = whoseTurn(record)
  const late = record.missed.length > 0 && until === null && record.state !== 'final' ? ', and is late' : ''
  return until === null ? `${text}${late}` : `${text}, until ${utc(until)}`
}

function textOf(record: CaseRecord): string {
  const { state, subject, decision, proposal } = record
  switch (state) {
    case 'open':
      return 'a person triages it'
    case 'triage':
      return proposal === undefined
        ? `a person${besides(excludedFromDecision(record))} decides it`
        : `a second person${besides([...excludedFromDecision(record), proposal.by])} decides the ban too`
    case 'decided':
      return decision?.terms.verdict === 'sanction' ? `${subject} can appeal` : 'it is dismissed and can be closed'
    case 'appealed':
      return `a person${besides(excludedFromAppeal(record))} decides the appeal`
    case 'upheld':
    case 'modified':
    case 'overturned':
      return 'the appeal is decided and the case can be closed'
    case 'final':
      return 'the case is final'
  }
}

/** Who must not decide: whoever opened it, and the subject. */
export function excludedFromDecision({ opener, subject }: CaseRecord): string[] {
  return [opener, subject].filter(isPerson)
}

/** Who must not decide the appeal: whoever opened, decided or appealed, and the subject. */
export function excludedFromAppeal({ opener, subject, decision, appeal }: CaseRecord): string[] {
  const named = [opener, decision?.by, decision?.second, appeal?.by, subject]
  return [...new Set(named.filter((one) => one !== undefined).filter(isPerson))]
}

function besides(persons: readonly string[]): string {
  return persons.length === 0 ? '' : ` other than ${persons.join(', ')}`
}

function utc(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`
}
