import { onTestFailed } from 'vitest'
import { ProcessMesh } from './process-mesh.ts'

/** A mesh for the test that runs now: when the test fails, what the processes wrote is printed. */
export async function meshOfTest(): Promise<ProcessMesh> {
  const mesh = await ProcessMesh.create()
  onTestFailed(() => showLogs(mesh))
  return mesh
}

/** Lines that are worth printing: the last ones say why it failed. */
const SHOWN_LINES = 60

/** For meshes that outlive one test. */
export function showLogs(mesh: ProcessMesh | undefined): void {
  const lines = mesh?.logText().trimEnd().split('\n') ?? ['nothing was started']
  process.stderr.write(`\nthe last that the processes wrote:\n${lines.slice(-SHOWN_LINES).join('\n')}\n`)
}
