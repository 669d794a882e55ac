import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import type { OperateStep } from '../operate-step.ts'

const files = ['shipments.mjs', 'shipments.json']

export const offer: OperateStep = {
  name: 'offer',
  title: 'orgb says what it offers',
  why: 'A module of its own with two capabilities: one reads shipments, one releases them.',
  async run({ story, orgb }) {
    for (const file of files) await cp(join(import.meta.dirname, '../orgb', file), join(orgb.home, file))
    await orgb.json(['capability', 'add', 'module', join(orgb.home, 'shipments.mjs')])
    story.done('hansa.yaml names the module; its comments and its order stay')
  },
}
