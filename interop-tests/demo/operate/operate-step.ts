/** What the steps of the scene share. */
import type { Story } from '../story.ts'
import type { Organisation } from './organisation.ts'

/** What a step has seen and a later one needs. */
export type OperateFacts = {
  /** The approval that was used. */
  approval?: string
  /** The call that used it. */
  lastCall?: string
}

export type OperateWorld = {
  /** Directory in which all commands are typed. */
  directory: string
  story: Story
  orga: Organisation
  orgb: Organisation
  facts: OperateFacts
}

export type OperateStep = {
  /** As the report names it. */
  name: string
  title: string
  /** What is about to be shown, in a sentence or two. */
  why: string
  /** @throws DemoError when something else is seen than has to be. */
  run(world: OperateWorld): Promise<void>
}
