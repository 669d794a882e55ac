/** Does what a page says, in its order, and says of each block what went otherwise than the page promises. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import { promisify } from 'node:util'
import { continuedPage, fencesOf } from './fences.ts'
import { repository } from './pages.ts'
import { firstDifference } from './same-output.ts'
import type { ScratchMachine } from './scratch-machine.ts'
import { type Step, stepsOf } from './steps.ts'

export type PageRun = {
  /** Blocks of commands that ran, and files that were written. */
  done: number
  /** Blocks left out because a program is not on this machine, with its name. */
  skipped: string[]
}

/** @throws Error that begins with `page:line`. */
export async function runPage(page: string, machine: ScratchMachine): Promise<PageRun> {
  const text = await readFile(join(repository, page), 'utf8')
  const before = continuedPage(text)
  if (before !== undefined) await runPage(normalize(join(dirname(page), before)), machine)
  const run: PageRun = { done: 0, skipped: [] }
  for (const step of stepsOf(fencesOf(page, text)).steps) {
    if (step.kind === 'file') {
      await machine.writeFile(step.path, machine.own(step.fence.text))
      run.done += 1
    }
    if (step.kind !== 'commands') continue
    const missing = await missingProgram(step.fence.marks.get('needs'))
    if (missing !== undefined) {
      run.skipped.push(`${page}:${step.line} needs ${missing}`)
      continue
    }
    await runCommands(step, machine)
    run.done += 1
  }
  return run
}

async function runCommands(step: Extract<Step, { kind: 'commands' }>, machine: ScratchMachine): Promise<void> {
  const { fence, line, exit, expected } = step
  const stop = fence.marks.get('stop')
  if (stop !== undefined) await machine.stop(stop)
  const { code, output, failedLine } = await machine.runBlock(machine.own(step.script))
  if (code !== exit) {
    const at = failedLine === undefined ? fence.line : line + failedLine - 1
    const how = code === null ? 'did not end in time' : `exited with ${code}, not ${exit}`
    throw new Error(`${fence.page}:${at}: the block ${how}\n${output}`)
  }
  const difference = expected && firstDifference(machine.own(expected.text), output)
  if (expected !== undefined && difference !== undefined)
    throw new Error(
      `${fence.page}:${expected.line + difference.at}: the page shows\n  ${difference.line}\nand the commands printed\n${output}`,
    )
}

async function missingProgram(needs: string | undefined): Promise<string | undefined> {
  for (const program of needs?.split(',') ?? []) {
    const found = await promisify(execFile)('sh', ['-c', `command -v ${program}`]).catch(() => undefined)
    if (found === undefined) return program
  }
  return undefined
}
