import type { Verdict } from '@hansa/protocols'
import { bothSides, type SideView } from '../both-sides.ts'
import { call } from '../call.ts'
import { columns } from '../layout.ts'
import { check, type DemoRedaction, type Organisation } from '../report.ts'
import type { Step } from '../scene.ts'

type Row = Record<string, string>

export const twoFirewalls: Step = {
  title: 'One answer, two firewalls',
  why:
    'Customer rows with personal data. Bergen lets no national identity number out of the house. Lübeck does not want its ' +
    'agents to see how to reach a customer, whatever a partner sends. Switch either firewall off, and exactly its field leaks.',
  async run(scene) {
    const { story, report } = scene
    const seen = await call(scene, {
      id: 'customers',
      what: 'the agent asks for customers',
      ref: 'orgb/crm.customers',
      args: {},
      expect: { outcome: 'released' },
    })
    const sides = await bothSides(scene, seen.callId)
    const hidden = [...hiddenBy('orgb', sides.orgb), ...hiddenBy('orga', sides.orga)]
    report.redactions.push(...hidden)
    for (const { kernel, field, count, by, rule } of hidden) {
      const where = by === 'egress_result' ? 'before they leave Bergen' : 'on arrival in Lübeck'
      story.side(
        kernel,
        'hides',
        `${field} in ${count} rows, ${where}: ${rule}, by rule ${sides[kernel].rules.join(', ')}`,
      )
    }
    const rows = (seen.frame?.value as { rows?: Row[] } | undefined)?.rows ?? []
    story.received(columns([Object.keys(rows[0] ?? {}), ...rows.map((row) => Object.values(row))]))
    story.note(`The frame is labelled ${seen.frame?.labels.join(', ')}; the label goes wherever the data goes.`)
    expectHidden(hidden, rows)
  },
}

function hiddenBy(kernel: Organisation, { verdicts }: SideView): DemoRedaction[] {
  return verdicts.filter(({ action }) => action === 'redact').map((verdict) => redactionOf(kernel, verdict))
}

function redactionOf(kernel: Organisation, { pass, rule, count = 0, paths = [] }: Verdict): DemoRedaction {
  const fields = new Set(paths.map((path) => path.slice(path.lastIndexOf('/') + 1)))
  const by = pass === 'ingress_result' ? pass : 'egress_result'
  return { call: 'customers', kernel, by, rule, field: [...fields].sort().join(' and '), count }
}

function expectHidden(hidden: readonly DemoRedaction[], rows: readonly Row[]): void {
  const seen = hidden.map(({ kernel, by, field, count }) => ({ kernel, by, field, count }))
  check('what each firewall says that it hid', seen, [
    { kernel: 'orgb', by: 'egress_result', field: 'national_id', count: rows.length },
    { kernel: 'orga', by: 'ingress_result', field: 'email', count: rows.length },
  ])
  const values = rows.map(({ national_id = '', email = '' }) => [national_id, email])
  check(
    'nothing of it is in what the agent got',
    values.flat().filter((value) => !value.startsWith('[redacted')),
    [],
  )
  check(
    'the rest of the rows is',
    rows.map(({ name }) => name),
    ['Ingrid Solberg', 'Henrik Brandt', 'Marta Nowak'],
  )
}
