# One image for every role: server, storage, operator; without one, a server with its storage in one process.
FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
COPY operator/package.json operator/package-lock.json ./operator/
RUN npm install --omit=dev --ignore-scripts --no-audit --no-fund && \
    npm install --prefix operator --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-slim
WORKDIR /app
ENV NODE_ENV=production TAVOLA_HOST=0.0.0.0 TAVOLA_DATA_DIR=/data
COPY package.json LICENSE ./
COPY --from=dependencies /app/node_modules ./node_modules
COPY bin ./bin
COPY server ./server
COPY operator ./operator
COPY --from=dependencies /app/operator/node_modules ./operator/node_modules
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8000
ENTRYPOINT ["node", "bin/tavola.js"]
