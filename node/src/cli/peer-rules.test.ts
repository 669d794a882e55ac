import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compilePolicy } from '@hansa/trust'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { isUnchanged, peerRulesTemplate, peerRulesText } from './peer-rules.ts'
import { checkedRulesText, peerRulesPath, removePeerRules, writePeerRules } from './peer-rules-file.ts'

const rulesOf = (text: string) => (parse(text) as { rules: Record<string, unknown>[] }).rules

describe('the rules for a peer', () => {
  it('allow exactly what was named, in each direction', () => {
    const text = peerRulesText({ alias: 'orgb', serve: ['reports.read'], use: ['files.*'] })
    expect(rulesOf(text)).toMatchObject([
      { effect: 'allow', subject: 'peer:orgb', action: 'invoke', resource: ['reports.read'] },
      { effect: 'allow', subject: 'agent:*', action: 'invoke', resource: ['orgb/files.*'] },
    ])
    expect(compilePolicy([{ name: 'x', text }]).ok).toBe(true)
  })

  it('take out of results what the peer has no clearance for', () => {
    const of = (clearance: string[]) => rulesOf(peerRulesText({ alias: 'orgb', serve: ['a'], use: [], clearance }))[0]
    expect(of([])).toMatchObject({ obligations: ['redact:PII', 'redact:PCI', 'redact:SECRET'] })
    expect(of(['PII', 'SECRET'])).toMatchObject({ obligations: ['redact:PCI'] })
    expect(of(['PII', 'PCI', 'SECRET'])).not.toHaveProperty('obligations')
  })

  it('have nothing for a direction that was not named', () => {
    expect(rulesOf(peerRulesText({ alias: 'orgb', serve: [], use: ['a'] }))).toHaveLength(1)
    expect(rulesOf(peerRulesText({ alias: 'orgb', serve: ['a'], use: [] }))).toHaveLength(1)
  })

  it('as a template compile as they are printed', () => {
    expect(compilePolicy([{ name: 'x', text: peerRulesTemplate('orgb') }]).ok).toBe(true)
  })

  it.each([
    'a\n  - id: everything\n    effect: allow\n    subject: "*"\n    action: invoke\n    resource: "*"',
    'a]\neffect: deny',
    '"; rm -rf /',
    '',
  ])('mallory puts YAML into a pattern and it stays one pattern, or none: %j', (pattern) => {
    const text = peerRulesText({ alias: 'orgb', serve: [pattern], use: [] })
    expect(rulesOf(text)).toHaveLength(1)
    expect(rulesOf(text)[0]).toMatchObject({ subject: 'peer:orgb', resource: [pattern] })
    expect(() => checkedRulesText({ alias: 'orgb', serve: [pattern], use: [] })).toThrow('cannot be used')
  })
})

describe('the file of rules', () => {
  let home: string
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'hansa-rules-'))
  })
  afterEach(() => rm(home, { recursive: true, force: true }))

  const text = peerRulesText({ alias: 'orgb', serve: ['a'], use: [] })

  it('is written, replaced and removed as long as nobody has changed it', async () => {
    const path = peerRulesPath(home, 'orgb')
    await writePeerRules(path, text)
    expect(isUnchanged(await readFile(path, 'utf8'))).toBe(true)
    await writePeerRules(path, peerRulesText({ alias: 'orgb', serve: ['b'], use: [] }))
    expect(rulesOf(await readFile(path, 'utf8'))[0]).toMatchObject({ resource: ['b'] })
    expect([await removePeerRules(path), await removePeerRules(path)]).toEqual(['removed', 'none'])
  })

  it('is kept when a person has changed it', async () => {
    const path = peerRulesPath(home, 'orgb')
    await writePeerRules(path, text)
    const changed = `${await readFile(path, 'utf8')}# a note of ours\n`
    await writeFile(path, changed)
    await expect(writePeerRules(path, text)).rejects.toThrow('changed by hand')
    expect(await removePeerRules(path)).toBe('kept')
    expect(await readFile(path, 'utf8')).toBe(changed)
  })
})
