import type { Approval, ApprovalEvent } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { announceApprovals } from './announce-approvals.ts'
import { createPrint } from './print.ts'
import { memoryStream } from './testing/run-cli.ts'

const ID = 'AAAAAAAAAAAAAAAAAAAAAA'

const approval = (over: Partial<Approval> = {}): Approval => ({
  id: ID,
  state: 'pending',
  principal: 'agent:ana',
  capability: 'pay.send',
  callId: 'C'.repeat(22),
  action: 'A'.repeat(43),
  args: '{"pin":"1234"}',
  requested: 10,
  expires: 3610,
  ...over,
})

/** Without the colours of this program, and nothing else. */
const uncoloured = (text: string) => [33, 36, 39].reduce((rest, code) => rest.replaceAll(`\u001b[${code}m`, ''), text)

async function said(over: Partial<Approval>, { tty, json = false }: { tty: boolean; json?: boolean }) {
  const [stdout, stderr] = [memoryStream(tty), memoryStream(tty)]
  const lines: unknown[] = []
  const note = (event: string, fields?: object) => void lines.push([event, fields])
  async function* events(): AsyncGenerator<ApprovalEvent> {
    yield { type: 'watching', at: 10, waiting: [approval()] }
    yield { type: 'requested', at: 10, approval: approval(over) }
    yield { type: 'granted', at: 11, approval: approval({ state: 'granted', ...over }) }
  }
  const print = createPrint({ json, stdout, stderr })
  const logger = { debug: note, info: note, warn: note, error: note }
  await announceApprovals({ events: events(), home: '/home/you/.hansa', print, logger })
  return { stdout: stdout.text(), stderr: uncoloured(stderr.text()), lines }
}

describe(announceApprovals, () => {
  it('tells a person at the terminal of a new request, in one line without its arguments', async () => {
    expect(await said({}, { tty: true })).toEqual({
      stdout: '',
      stderr: `approval ${ID} waits: agent:ana asks for pay.send, expires in 1 h. See it with: hansa approvals --home /home/you/.hansa\n`,
      lines: [],
    })
  })

  it.each([
    ['nobody watches', { tty: false }],
    ['a program reads', { tty: true, json: true }],
  ])('writes a structured line where %s', async (_where, how) => {
    const waits = { id: ID, principal: 'agent:ana', capability: 'pay.send', call_id: 'C'.repeat(22) }
    expect(await said({}, how)).toEqual({ stdout: '', stderr: '', lines: [['approval.waits', waits]] })
  })

  it('gives mallory no way to move the cursor, turn text around or start a line', async () => {
    const { stderr } = await said({ principal: 'agent:\u001b[2Kana\u202e', capability: 'pay\u009b1A' }, { tty: true })
    expect(stderr).toContain('agent:\\u001b[2Kana\\u202e asks for pay\\u009b1A')
    expect(stderr).not.toMatch(/[^\P{C}\n]/u)
  })
})
