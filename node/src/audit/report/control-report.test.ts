import type { Entry } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { call, sampleEntry } from '../testing/sample-entries.ts'
import { ControlReport } from './control-report.ts'
import type { Framework } from './framework.ts'
import { frameworks } from './frameworks.ts'
import { type Measure, measures } from './measures.ts'
import { type AuditReport, reportMarkdown } from './report-markdown.ts'

const LEAF = 'AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE'
const one: Framework = {
  id: 'one',
  title: 'One',
  edition: '1',
  controls: [
    { id: 'C1', title: 'Refusals', measures: ['refused_by_policy', 'limited'] },
    { id: 'C2', title: 'People', measures: ['approval_given'], beyond: 'What they thought.' },
    { id: 'C3', title: 'Contracts', measures: [], beyond: 'The contract.' },
  ],
}

function reportOf(entries: readonly Partial<Entry>[], period = {}): ControlReport {
  const report = new ControlReport(period)
  for (const [seq, over] of entries.entries())
    report.note(sampleEntry({ ...call, seq, t_ms: 1_000 * seq, ...over }), LEAF)
  return report
}

const refusal = { decision: 'deny', ext: { status: 'denied', code: 'policy_denied' } } as const

describe(ControlReport, () => {
  it('tells evidence from none, and none from what no log can show', () => {
    const [found] = reportOf([refusal]).findings([one])
    expect(found?.controls.map(({ id, status }) => [id, status])).toEqual([
      ['C1', 'evidence'],
      ['C2', 'none'],
      ['C3', 'outside'],
    ])
    expect(found?.controls[0]).toMatchObject({
      evidence: [{ measure: 'refused_by_policy', count: 1 }],
      missing: [measures.limited.text],
    })
  })

  it('says nothing of an empty log', () => {
    const all = new ControlReport().findings(frameworks).flatMap(({ controls }) => controls)
    expect(all.filter(({ status }) => status === 'evidence')).toEqual([])
  })

  it('counts the entries of the period, the first included and the last not', () => {
    const report = reportOf([refusal, refusal, refusal, refusal], { since: 1_000, until: 3_000 })
    expect(report.entries).toBe(2)
    expect(report.findings([one])[0]?.controls[0]?.evidence).toMatchObject([{ count: 2, first: 1_000, last: 2_000 }])
  })

  it('names the latest entries, however many there are', () => {
    const [found] = reportOf(Array.from({ length: 100 }, () => refusal)).findings([one])
    expect(found?.controls[0]?.evidence[0]?.entries.map(({ seq }) => seq)).toEqual([95, 96, 97, 98, 99])
  })
})

describe('a measure', () => {
  it.each<[Measure, Partial<Entry>]>([
    ['permitted_by_rule', { type: 'intent.accepted' }],
    ['own_principal', { type: 'call.begun' }],
    ['refused_without_right', { ext: { code: 'token_rejected' } }],
    ['approval_given', { type: 'approval.granted' }],
    ['redacted', { verdicts: [{ pass: 'egress_result', stage: 'labels', rule: 'PII', action: 'redact' }] }],
    ['secret_stopped', { verdicts: [{ pass: 'egress_args', stage: 'secrets', rule: 'key', action: 'block' }] }],
    ['injection_found', { verdicts: [{ pass: 'ingress_result', stage: 'injection', rule: 'x', action: 'label' }] }],
    ['flow_stopped', { verdicts: [{ pass: 'egress_args', stage: 'flow', rule: 'PII', action: 'drop' }] }],
    ['malformed_stopped', { ext: { code: 'invalid_request' } }],
    ['changed_tool_stopped', { ext: { code: 'descriptor_mismatch' } }],
    ['right_withdrawn', { type: 'agent.removed' }],
    ['right_delegated', { type: 'delegation.issued' }],
    ['delegated_call', { type: 'intent.accepted', ext: { links: ['a.b.c'] } }],
    ['outcome_recorded', { type: 'receipt.received' }],
    ['case_decided', { type: 'case.changed', ext: { case_event: 'dismissed' } }],
    ['appeal_heard', { type: 'case.changed', ext: { case_event: 'modified' } }],
    ['refused_by_sanction', { type: 'outcome', rules: ['sanction'], ext: { code: 'policy_denied' } }],
  ])('%s is shown by such an entry', (measure, over) => {
    expect(measures[measure].shows(sampleEntry({ ...call, ...over }))).toBe(true)
  })

  it.each<[Measure, Partial<Entry>]>([
    ['permitted_by_rule', { type: 'intent.accepted', rules: [] }],
    ['permitted_by_rule', { type: 'outcome' }],
    ['secret_stopped', { verdicts: [{ pass: 'egress_args', stage: 'secrets', rule: 'key', action: 'allow' }] }],
    ['asked_under_signature', { type: 'intent.accepted' }],
    ['countersigned', { type: 'receipt.received' }],
    ['delegated_call', { type: 'intent.accepted', ext: {} }],
    ['right_delegated', { type: 'delegation.removed' }],
    ['refused_by_policy', { ext: { code: 'firewall_blocked' } }],
    ['case_decided', { type: 'case.changed', ext: { case_event: 'proposed' } }],
    ['appeal_heard', { type: 'case.changed', ext: { case_event: 'appealed' } }],
    ['refused_by_sanction', { type: 'outcome', rules: ['r'], ext: { code: 'policy_denied' } }],
  ])('%s is not claimed for one that only looks like it', (measure, over) => {
    expect(measures[measure].shows(sampleEntry({ ...call, ...over }))).toBe(false)
  })

  it('bears on a control of some catalogue: none is counted for nothing', () => {
    const used = new Set(frameworks.flatMap(({ controls }) => controls.flatMap((control) => control.measures)))
    expect(Object.keys(measures).filter((measure) => !used.has(measure as Measure))).toEqual([])
  })
})

describe('the catalogues', () => {
  it('have each control once, and say of one without evidence what it asks for', () => {
    for (const { id, controls } of frameworks) {
      expect(new Set(controls.map((control) => control.id)).size, id).toBe(controls.length)
      expect(
        controls.filter((control) => control.measures.length === 0 && control.beyond === undefined),
        id,
      ).toEqual([])
    }
  })

  it('have the ten risks of OWASP', () => {
    const ids = frameworks.find(({ id }) => id === 'owasp-asi')?.controls.map(({ id }) => id)
    expect(ids).toEqual(Array.from({ length: 10 }, (_, n) => `ASI${String(n + 1).padStart(2, '0')}`))
  })
})

describe(reportMarkdown, () => {
  const report = (entries: readonly Partial<Entry>[]): AuditReport => ({
    kernel: 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK',
    period: {},
    made: 1_700_000_000_000,
    logs: [{ origin: sampleEntry({}).origin, size: entries.length, verdict: 'clean' }],
    entries: entries.length,
    unchecked: ['No remembered checkpoint was given.'],
    frameworks: reportOf(entries).findings([one]),
  })

  it('links evidence to entries, and each entry to the command that shows it', () => {
    const text = reportMarkdown(report([{}, refusal]))
    expect(text).toContain('[1](#entry-1-1)')
    expect(text).toContain('<a id="entry-1-1"></a>1')
    expect(text).toContain('hansa audit show --from 1 --limit 1')
    expect(text).toContain('**no evidence**')
    expect(text).toContain('not checked: No remembered checkpoint')
  })

  it('keeps what others named inside its cell', () => {
    const text = reportMarkdown(report([{ ...refusal, cap: 'a|b\n# x' }]))
    expect(text).toContain('a\\|b # x')
    expect(text.split('\n').filter((line) => line.startsWith('# '))).toHaveLength(1)
  })
})
