/** What deploy/ ships is well formed: the image by its definition, the units by systemd where it is there. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { DockerfileParser } from 'dockerfile-ast'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

const DEPLOY = join(import.meta.dirname, '../../deploy')
const run = promisify(execFile)

const dockerfile = DockerfileParser.parse(await readFile(join(DEPLOY, 'container/Dockerfile'), 'utf8'))
const instructions = dockerfile.getInstructions()
const last = (keyword: string) => instructions.findLast((one) => one.getKeyword() === keyword)

/** Whether a program can be run at all. */
async function has(program: string, ...args: string[]): Promise<boolean> {
  return run(program, args).then(
    () => true,
    () => false,
  )
}

const engine = await has('docker', 'info')
const systemd = await has('systemd-analyze', '--version')

describe('the container image', () => {
  it('is built of instructions that exist, on images of a fixed version', () => {
    const known = /^(FROM|WORKDIR|COPY|RUN|ENV|VOLUME|EXPOSE|USER|HEALTHCHECK|STOPSIGNAL|ENTRYPOINT|CMD)$/
    for (const one of instructions) expect(one.getKeyword()).toMatch(known)
    for (const from of dockerfile.getFROMs()) expect(from.getImageTag()).toMatch(/^\d+\.\d+\.\d+-/)
    expect(dockerfile.getFROMs()).toHaveLength(2)
  })

  it('runs as nobody in particular, with a home that is a volume', () => {
    expect(Number(last('USER')?.getArgumentsContent())).toBeGreaterThan(1000)
    expect(last('VOLUME')?.getArgumentsContent()).toBe('/var/lib/hansa')
    expect(last('ENV')?.getArgumentsContent()).toBe('HANSA_HOME=/var/lib/hansa')
  })

  it('starts the node itself, so that signals reach it, and says how it is', () => {
    expect(last('ENTRYPOINT')?.getArgumentsContent()).toBe('["hansa"]')
    expect(last('CMD')?.getArgumentsContent()).toBe('["up"]')
    expect(last('HEALTHCHECK')?.getArgumentsContent()).toContain('CMD ["hansa", "status", "--json"]')
    expect(last('STOPSIGNAL')?.getArgumentsContent()).toBe('SIGTERM')
  })

  it('is composed of services that cannot write outside their volume, and that have time to drain', async () => {
    const text = await readFile(join(DEPLOY, 'container/compose.yaml'), 'utf8')
    const { services } = parse(text, { merge: true }) as { services: Record<string, Record<string, unknown>> }
    expect(Object.keys(services)).toEqual(['orga', 'orgb'])
    for (const service of Object.values(services)) {
      expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], stop_grace_period: '35s' })
    }
  })

  it.skipIf(!engine)(
    `is built and runs${engine ? '' : ' (no container engine answers here)'}`,
    { timeout: 900_000 },
    async () => {
      const root = join(DEPLOY, '..')
      await run('docker', ['build', '-f', join(DEPLOY, 'container/Dockerfile'), '-t', 'hansa-test', root])
      const { stdout } = await run('docker', ['run', '--rm', 'hansa-test', '--help'])
      expect(stdout).toContain('hansa <command>')
    },
  )
})

describe('the systemd units', () => {
  it.skipIf(!systemd).each(['hansa-node', 'hansa-registry'])(
    `%s is verified by systemd${systemd ? '' : ' (systemd-analyze is not here)'}`,
    async (unit) => {
      const { stderr } = await run('systemd-analyze', ['verify', join(DEPLOY, `systemd/${unit}.service`)])
      expect(stderr).toBe('')
    },
  )

  it('give a node more time to end than it gives its calls', async () => {
    const unit = await readFile(join(DEPLOY, 'systemd/hansa-node.service'), 'utf8')
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThan(30)
  })
})
