/**
 * The documentation, done: every block of commands of every page runs, in order, in a home of its own, with the shipped
 * `hansa`. See README.md in this folder for what a page can say about its blocks.
 */
import { afterAll, describe, expect, it } from 'vitest'
import { dataFault, typeFaults } from './check-blocks.ts'
import { allPages } from './pages.ts'
import { runPage } from './run-page.ts'
import { scratchMachine } from './scratch-machine.ts'
import { reasonsNotToRun, stepsOf } from './steps.ts'

const pages = allPages()
const places = pages.map(({ path, fences }) => ({ path, ...stepsOf(fences) }))
const steps = places.flatMap((place) => place.steps)
const skipped: string[] = []

afterAll(() => {
  for (const line of skipped) process.stderr.write(`skipped: ${line}\n`)
})

describe('the blocks of the documentation', () => {
  it('are found: the quickstart, the readme of each package and the guides', () => {
    const paths = pages.map(({ path }) => path)
    expect(paths).toEqual(
      expect.arrayContaining(['README.md', 'docs/quickstart.md', 'node/README.md', 'deploy/README.md']),
    )
    expect(pages.flatMap(({ fences }) => fences).length).toBeGreaterThan(40)
  })

  it('are each run, written, compiled or checked, or say why not', () => {
    expect(
      places.flatMap(({ faults }) => faults).map(({ page, line, reason }) => `${page}:${line}: ${reason}`),
    ).toEqual([])
  })

  it('that are not run are few, and each names a reason from the list', () => {
    const unrun = steps.filter((step) => step.kind === 'unrun')
    expect(unrun.filter(({ reason }) => !Object.hasOwn(reasonsNotToRun, reason))).toEqual([])
    const shell = unrun.filter(({ fence }) => fence.language === 'sh' || fence.language === 'console')
    expect(shell.length).toBeLessThan(steps.filter(({ kind }) => kind === 'commands').length)
  })

  it('in TypeScript compile against the packages', async () => {
    const blocks = steps.flatMap((step) =>
      (step.kind === 'check' && step.as === 'typescript') || (step.kind === 'file' && step.fence.language === 'ts')
        ? [step.fence]
        : [],
    )
    expect(blocks.length).toBeGreaterThan(5)
    expect(await typeFaults(blocks)).toEqual([])
  })

  it('in JSON and YAML that are no file of a page are well formed, and a policy compiles', () => {
    const blocks = steps.flatMap((step) => (step.kind === 'check' && step.as !== 'typescript' ? [step.fence] : []))
    const faults = blocks.flatMap((fence) => {
      const fault = dataFault(fence)
      return fault === undefined ? [] : [`${fence.page}:${fence.line}: ${fault}`]
    })
    expect(faults).toEqual([])
  })
})

const runnable = places.filter(({ steps }) => steps.some(({ kind }) => kind === 'commands'))

describe.concurrent('a page works as it is written', () => {
  it.each(runnable)('$path', { timeout: 240_000 }, async ({ path }) => {
    await using machine = await scratchMachine()
    const run = await runPage(path, machine)
    skipped.push(...run.skipped)
    expect(run.done).toBeGreaterThan(0)
  })
})
