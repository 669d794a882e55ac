import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { registryRoutes } from '@hansa/protocols'
import { expect, it } from 'vitest'
import { defaultConfig } from './config/config.ts'
import { environmentNames } from './config/env.ts'

const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8')
const rows = readme.split('\n').filter((line) => line.startsWith('| '))

it('the README names every route as it is, and no other', () => {
  const routes = Object.entries(registryRoutes).map(([name, { method, path }]) => `| ${name} | \`${method} ${path}\` |`)
  const named = rows.filter((row) => /`(?:GET|POST) /.test(row))
  expect(named.map((row) => row.split('|').slice(0, 3).join('|').concat('|'))).toEqual(routes)
})

it('the README names every setting with its default', () => {
  const { host, port, database, ttlSeconds } = defaultConfig
  const settings = { listen: `${host}:${port}`, database, ttl: String(ttlSeconds) }
  for (const name of ['listen', 'database', 'ttl'] as const) {
    const row = rows.find((line) => line.startsWith(`| \`--${name} `))
    expect(row).toContain(`| \`${environmentNames[name]}\` | \`${settings[name]}\` |`)
  }
})
