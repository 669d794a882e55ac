import { check } from '../../report.ts'
import type { OperateStep } from '../operate-step.ts'

type Check = { check: string; state: 'ok' | 'warn' | 'fail'; detail: string }

export const start: OperateStep = {
  name: 'start',
  title: 'Both nodes start, over TLS',
  why: 'Every connection between the two is HTTPS, under the certificates that they made. No certificate authority is asked.',
  async run({ story, orga, orgb }) {
    for (const one of [orga, orgb]) {
      const { faults } = await one.json<{ faults: string[] }>(['config', 'check'])
      check(`the mistakes in the configuration of ${one.name}`, faults, [])
      story.command(`hansa up --home ${one.name}`)
      const started = performance.now()
      const { endpoint } = await one.up()
      check(`the endpoint of ${one.name}`, endpoint, one.url)
      story.done(`${one.name} is ready at ${endpoint}`, performance.now() - started)
      const { checks } = await one.json<{ checks: Check[] }>(['doctor'])
      const failed = checks.filter(({ state }) => state === 'fail')
      check(`what doctor finds wrong with ${one.name}`, failed, [])
      story.done(`${checks.length} checks, none fails`)
    }
  },
}
