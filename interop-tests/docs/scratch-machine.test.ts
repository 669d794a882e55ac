import { describe, expect, it } from 'vitest'
import { scratchMachine } from './scratch-machine.ts'

describe('a scratch machine', () => {
  it('keeps its place and its variables from block to block, and says which line failed', async () => {
    await using machine = await scratchMachine()
    expect(await machine.runBlock('mkdir inner && cd inner\nname="a  b"\n')).toMatchObject({ code: 0 })
    expect(await machine.runBlock('echo "$(basename "$PWD") $name"\n')).toMatchObject({
      code: 0,
      output: 'inner a  b\n',
    })
    expect(await machine.runBlock('true\nfalse\necho never\n')).toEqual({ code: 1, output: '', failedLine: 2 })
    expect(await machine.runBlock('false | cat\n')).toMatchObject({ code: 1 })
  })

  it('runs a node beside the shell until it is stopped', async () => {
    await using machine = await scratchMachine()
    const started = await machine.runBlock('hansa init --home orga >/dev/null\nhansa up --home orga &\n')
    expect(started.output).toMatch(/^Ready: did:key:/)
    expect(await machine.runBlock('hansa status --home orga\n')).toMatchObject({ code: 0 })
    await machine.stop('orga')
    expect(await machine.runBlock('hansa status --home orga\n')).toMatchObject({ code: 4, failedLine: 1 })
  })

  it('fails with a node that does not start', async () => {
    await using machine = await scratchMachine()
    const end = await machine.runBlock('hansa up --home nowhere\n')
    expect(end).toMatchObject({ code: 3, failedLine: 1 })
    expect(end.output).toContain('hansa init')
  })
})
