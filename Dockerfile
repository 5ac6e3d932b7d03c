# One image for worker, api, namespace and simulator: the command says which. Debian, because Temporal's core needs glibc.
FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Nothing we use needs an install script; other machines' builds of Temporal's core are 75 MB.
RUN npm ci --omit=dev --ignore-scripts \
  && rm -rf node_modules/@temporalio/core-bridge/releases/*-apple-* \
    node_modules/@temporalio/core-bridge/releases/*-windows-* \
    node_modules/@temporalio/core-bridge/sdk-core
COPY tsconfig.json ./
COPY workflows workflows
COPY activities activities
COPY worker worker
COPY api api
COPY bin bin
COPY cli cli
COPY simulator simulator
COPY scripts scripts
COPY docs/runbook.md docs/runbook.md
# The worker starts in under a second with it, and a workflow that cannot be bundled fails here, not in a shop.
RUN node --import tsx scripts/bundle.ts

FROM node:22-bookworm-slim
# Without root certificates every connection to Temporal fails, even without TLS.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/* \
  && install -d -o node -g node /data
WORKDIR /app
COPY --from=build /app .
# The worker has two heaps, its own and that of the workflows: two of these and the core fit into 2 GB.
ENV NODE_ENV=production \
  NODE_OPTIONS=--max-old-space-size=640 \
  WORKFLOW_BUNDLE=/app/dist/workflow-bundle.js
USER node
# Node itself is the first process, not npm: SIGTERM arrives, and the worker drains.
CMD ["node", "--import", "tsx", "worker/main.ts"]
