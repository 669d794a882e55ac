/** What the steps of the demo share. */
import type { NodeProcess } from '../harness/node-process.ts'
import type { ProcessMesh, RegistryMember } from '../harness/process-mesh.ts'
import type { DemoReport, Organisation } from './report.ts'
import type { Story } from './story.ts'

export type Scene = {
  mesh: ProcessMesh
  story: Story
  report: DemoReport
  registry: RegistryMember
  orga: NodeProcess
  orgb: NodeProcess
  /** Manifests as the other side knows them: the keys of the logs, from outside the logs. */
  manifests: Map<Organisation, { jws: string; logKey: string }>
}

export type Step = {
  title: string
  /** What is about to be shown, in a sentence or two. */
  why: string
  /** @throws DemoError when something else is seen than has to be. */
  run(scene: Scene): Promise<void>
}
