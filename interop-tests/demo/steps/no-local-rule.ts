import { tellBothSides } from '../both-sides.ts'
import { call } from '../call.ts'
import { check } from '../report.ts'
import type { Step } from '../scene.ts'

export const noLocalRule: Step = {
  title: 'Where orga has no rule',
  why: 'The same call through two imports. By default no rule means no. Under remote_deferred orgb is asked first, and its signed decision counts.',
  async run(scene) {
    const args = { path: 'reports' }
    const strict = await call(scene, {
      id: 'no-rule-most-restrictive',
      what: 'the agent lists a directory',
      ref: 'orgb/files.list_directory',
      args,
      expect: { outcome: 'refused', stage: 'policy', code: 'policy_denied' },
    })
    check('no rule of orga spoke', (await tellBothSides(scene, strict.callId)).orga.rules, [])
    const deferred = await call(scene, {
      id: 'no-rule-remote-deferred',
      what: 'the same under remote_deferred',
      ref: 'orgb-deferred/files.list_directory',
      args,
      expect: { outcome: 'released' },
    })
    check('no rule of orga spoke', (await tellBothSides(scene, deferred.callId)).orga.rules, [])
    scene.story.received(String((deferred.frame?.value as { content?: string } | undefined)?.content).split('\n'))
  },
}
