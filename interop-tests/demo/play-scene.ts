/** A scene between processes: a world is opened, and each step of it shows something or fails. */
import { ProcessMesh } from '../harness/process-mesh.ts'
import { type Story, silentStory } from './story.ts'

export type SceneStep<World> = {
  title: string
  /** Why it matters, for whoever watches. */
  why: string
  /** @throws Error when something else is seen than was claimed. */
  run(world: World): Promise<void>
}

export type SceneInit<World> = {
  story: Story
  /** Leaves the homes where they are. */
  keep: boolean
  heading: string
  about: readonly string[]
  /** What `open` does, for whoever reads that it failed. */
  opening: string
  open(mesh: ProcessMesh): Promise<World>
  steps: readonly SceneStep<World>[]
}

/** Lines of the processes that are shown when a step fails. */
const LAST_LINES = 15

/** @returns whether all of it was seen. Everything has ended by then. */
export async function playScene<World>(init: SceneInit<World>): Promise<boolean> {
  const { story, keep, steps } = init
  await using mesh = await ProcessMesh.create()
  if (keep) mesh.keep()
  story.title(init.heading, init.about)
  const started = performance.now()
  let step = init.opening
  try {
    const world = await init.open(mesh)
    for (const { title, why, run } of steps) {
      step = title
      story.section(title, why)
      await run(world)
    }
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    story.end(`All of it holds: ${seconds} s.`, keep ? [`Everything is in ${mesh.directory}.`] : [])
    return true
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const log = mesh.logText().trimEnd().split('\n').slice(-LAST_LINES)
    story.failed(step, reason, log)
    if (story === silentStory) process.stderr.write(`${step}: ${reason}\n${log.join('\n')}\n`)
    return false
  }
}
