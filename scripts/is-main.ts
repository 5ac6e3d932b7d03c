import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** True when Node was started with this module, false when another one imports it. */
export function isMain(moduleUrl: string): boolean {
  const [, script] = process.argv;
  // The url is that of the real file; a folder such as macOS's /tmp is a link.
  return script !== undefined && moduleUrl === pathToFileURL(realpathSync(script)).href;
}
