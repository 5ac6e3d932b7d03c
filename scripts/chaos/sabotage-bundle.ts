/** The workflow code with modules replaced by those of `sabotage/`; the product's own files stay as they are. */
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const replaced = new Set(['terminal-lease.ts', 'next-step.ts', 'refund-judgement.ts']);
const folder = fileURLToPath(new URL('./sabotage/', import.meta.url));

/** Bundles once for all switches: they look at the name of the task queue. */
export async function bundleWithSwitches(): Promise<{ code: string }> {
  const workflowsPath = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));
  return await bundleWorkflowCode({
    workflowsPath,
    logger: new DefaultLogger('WARN'),
    webpackConfigHook: (config) => ({
      ...config,
      plugins: [
        ...(config.plugins ?? []),
        {
          // What webpack's own NormalModuleReplacementPlugin does, without naming webpack as a dependency.
          apply: (compiler) => {
            compiler.hooks.normalModuleFactory.tap('sabotage', (factory) => {
              factory.hooks.beforeResolve.tap('sabotage', (data) => {
                const name = basename(data.request);
                // The stand-in itself asks for the real one.
                if (replaced.has(name) && !data.context.startsWith(folder.slice(0, -1))) {
                  data.request = folder + name;
                }
              });
            });
          },
        },
      ],
    }),
  });
}
