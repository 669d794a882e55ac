import { controlOpenApi } from '@hansa/protocols'

let made: object | undefined

/** Made when somebody asks for it, and once. */
export function openApiDocument(): object {
  made ??= controlOpenApi()
  return made
}
