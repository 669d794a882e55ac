import { tellBothSides } from '../both-sides.ts'
import { call } from '../call.ts'
import { check } from '../report.ts'
import type { Step } from '../scene.ts'

const args = { path: 'reports/stock-2026-q3.csv' }

export const readFile: Step = {
  title: 'A file crosses',
  why:
    'orga signs an intent, orgb checks it against its own policy, mints its own token, runs its own firewall and the ' +
    'npm program, and answers with a signed receipt. No token ever crosses.',
  async run(scene) {
    const { story } = scene
    const seen = await call(scene, {
      id: 'read',
      what: 'the agent reads a stock list',
      ref: 'orgb/files.read_text_file',
      args,
      expect: { outcome: 'released' },
    })
    const sides = await tellBothSides(scene, seen.callId)
    const content = textOf(seen.frame?.value)
    const lines = content.trimEnd().split('\n')
    story.received([...lines.slice(0, 3), `… ${lines.length - 3} more lines`])
    check('the file arrived as it is', lines[0], 'article,warehouse,tonnes,counted')
    check('orga marks what comes from outside as untrusted', seen.frame?.untrusted, true)
    story.note(
      `Recorded on both sides, linked by hash: entries ${sides.orga.entries.join(', ')} of orga, ` +
        `${sides.orgb.entries.join(', ')} of orgb. orga hands the text to its agent marked as untrusted.`,
    )
    const local = await call(scene, {
      id: 'read-local-only',
      what: 'the same under local_only',
      ref: 'orgb-local/files.read_text_file',
      args,
      expect: { outcome: 'released' },
    })
    await tellBothSides(scene, local.callId)
    check('both times the same content', textOf(local.frame?.value), content)
  },
}

function textOf(value: unknown): string {
  return (value as { content?: string } | undefined)?.content ?? ''
}
