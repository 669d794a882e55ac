import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseLocation } from './location.ts'

describe(parseLocation, () => {
  it.each([
    ['sqlite:data/x.sqlite', resolve('data/x.sqlite')],
    ['sqlite:/var/lib/x.sqlite', '/var/lib/x.sqlite'],
    ['sqlite:///var/lib/x.sqlite', '/var/lib/x.sqlite'],
    ['sqlite::memory:', resolve(':memory:')],
    ['sqlite:file:x?mode=ro', resolve('file:x?mode=ro')],
  ])('takes %s for the file %s', (url, path) => {
    expect(parseLocation(url)).toEqual({ kind: 'sqlite', path, display: path })
  })

  it('takes memory: for no file at all', () => {
    expect(parseLocation('memory:')).toEqual({ kind: 'memory', display: 'memory:' })
  })

  it.each([
    ['postgres://hansa:s3cret@db.example:5433/registry?sslmode=require', 'postgres://hansa@db.example:5433/registry'],
    ['postgresql://db.example/registry?password=s3cret', 'postgres://db.example/registry'],
    ['postgres:///registry?host=/run/postgresql', 'postgres:///run/postgresql/registry'],
  ])('shows %s without its secrets', (url, display) => {
    expect(parseLocation(url)).toEqual({ kind: 'postgres', url, display })
  })

  it.each([
    '',
    'sqlite:',
    'sqlite://host/x',
    'sqlite:a\0b',
    'memory',
    'mysql://u:s3cret@h/d',
    'postgres://u:s3cret@h:x/d',
  ])('refuses %j with database_url_invalid and without repeating a password', (url) => {
    const refusal = expect.objectContaining({
      detail: expect.objectContaining({ code: 'database_url_invalid' }),
      message: expect.not.stringContaining('s3cret'),
    })
    expect(() => parseLocation(url)).toThrow(refusal)
  })
})
