import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readConfig, readPolicies } from './read-config.ts'

async function directory() {
  const path = await mkdtemp(join(tmpdir(), 'hansa-config-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

describe(readConfig, () => {
  it('lets options go before the environment, and that before the file', async () => {
    await using home = await directory()
    const path = join(home.path, 'hansa.yaml')
    await writeFile(path, 'listen: 127.0.0.1:1\nlog_level: error\npublic_url: https://file.example\n')
    const environment = { home: home.path, variables: { HANSA_LISTEN: '127.0.0.1:2', HANSA_LOG_LEVEL: 'warn' } }
    const config = await readConfig(path, environment, [{ path: ['listen'], value: '127.0.0.1:3', source: '--listen' }])
    expect(config).toMatchObject({ listen: { port: 3 }, logLevel: 'warn', publicUrl: 'https://file.example' })
  })

  it('says what to do when there is none', async () => {
    await using home = await directory()
    const path = join(home.path, 'hansa.yaml')
    await expect(readConfig(path, { home: home.path })).rejects.toMatchObject({
      message: `There is no configuration at ${path}. Make a node with: hansa init`,
      detail: { code: 'config_missing', path },
    })
  })

  it('throws all mistakes of the file and of the environment in one message', async () => {
    await using home = await directory()
    const path = join(home.path, 'hansa.yaml')
    await writeFile(path, 'nam: a\nlisten: x\n')
    await expect(readConfig(path, { home: home.path, variables: { HANSA_LOG_LEVEL: 'loud' } })).rejects.toThrow(
      /3 mistakes:\n.*HANSA_LOG_LEVEL: expected one of "debug".*\n.*hansa\.yaml:1: nam: .*did you mean "name".*\n.*hansa\.yaml:2: listen: "x"/,
    )
  })
})

describe(readPolicies, () => {
  it('reads what is there and names what is not', async () => {
    await using home = await directory()
    const [there, missing] = [join(home.path, 'a.yaml'), join(home.path, 'b.yaml')]
    await writeFile(there, 'rules: []')
    expect(await readPolicies([there, missing])).toEqual({
      sources: [{ name: there, text: 'rules: []' }],
      faults: [{ source: missing, key: '', reason: 'there is no such policy file or directory' }],
    })
  })

  it('reads of a directory every .yaml and .yml file, by name, and nothing else', async () => {
    await using home = await directory()
    const name = (file: string) => join(home.path, file)
    for (const file of ['b.yml', 'a.yaml', 'c.yaml.new', '.hidden.yaml', 'notes.md']) await writeFile(name(file), file)
    expect(await readPolicies([home.path])).toEqual({
      sources: [
        { name: name('a.yaml'), text: 'a.yaml' },
        { name: name('b.yml'), text: 'b.yml' },
      ],
      faults: [],
    })
  })
})
