import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { configJsonSchema } from '../../config/index.ts'
import { runCli } from '../testing/run-cli.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'hansa-config-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))
const put = (file: string, text: string) => writeFile(join(home, file), text)

describe('hansa config check', () => {
  it('finds nothing in what a node would take', async () => {
    await put('hansa.yaml', 'name: orgb\n')
    await put('policy.yaml', 'rules: []\n')
    expect(await runCli(['config', 'check'], { home })).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('No mistakes'),
    })
  })

  it('names the mistakes of the configuration and of its policies in one answer', async () => {
    await put('hansa.yaml', 'nam: orgb\npolicies: [policy.yaml, gone.yaml]\n')
    await put('policy.yaml', 'rules:\n  - { id: a, effect: alow }\n')
    const { exit, stdout } = await runCli(['config', 'check', '--json'], { home })
    expect(exit).toBe(3)
    const { ok, faults } = JSON.parse(stdout) as { ok: boolean; faults: string[] }
    expect(ok).toBe(false)
    expect(faults).toEqual(
      expect.arrayContaining([
        'hansa.yaml:1: nam: there is no such key; did you mean "name"?',
        expect.stringContaining('gone.yaml: there is no such policy file'),
        expect.stringMatching(/policy\.yaml:2: rule "a": /),
      ]),
    )
  })

  it('says what to do where there is no configuration', async () => {
    expect(await runCli(['config', 'check'], { home })).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining('hansa init'),
    })
  })
})

describe('hansa config show', () => {
  it('shows what holds and where it comes from', async () => {
    await put('hansa.yaml', 'name: orgb\nlog_level: error\n')
    const environment = { home, variables: { HANSA_LOG_LEVEL: 'warn' } }
    const { exit, stdout } = await runCli(['config', 'show', '--json'], environment)
    const settings = JSON.parse(stdout) as unknown[]
    expect(exit).toBe(0)
    expect(settings).toContainEqual({ key: 'name', value: 'orgb', from: 'hansa.yaml:1' })
    expect(settings).toContainEqual({ key: 'log_level', value: 'warn', from: 'HANSA_LOG_LEVEL' })
    const { stdout: shown } = await runCli(['config', 'show'], environment)
    expect(shown).toMatch(/^log_level +warn +HANSA_LOG_LEVEL$/m)
  })

  it('shows mistakes in its place', async () => {
    await put('hansa.yaml', 'nam: orgb\n')
    expect(await runCli(['config', 'show'], { home })).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining('did you mean "name"?'),
    })
  })
})

describe('hansa config schema', () => {
  it('prints the schema', async () => {
    const { exit, stdout } = await runCli(['config', 'schema'], { home })
    expect({ exit, schema: JSON.parse(stdout) }).toEqual({ exit: 0, schema: configJsonSchema() })
  })
})
