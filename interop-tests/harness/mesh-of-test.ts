import { onTestFailed } from 'vitest'
import { ProcessMesh } from './process-mesh.ts'

/** A mesh for the test that runs now: when the test fails, what the processes wrote is printed. */
export async function meshOfTest(): Promise<ProcessMesh> {
  const mesh = await ProcessMesh.create()
  onTestFailed(() => showLogs(mesh))
  return mesh
}

/** For meshes that outlive one test. */
export function showLogs(mesh: ProcessMesh | undefined): void {
  process.stderr.write(`\nwhat the processes wrote:\n${mesh?.logText() ?? 'nothing was started'}\n`)
}
