import * as pulumi from "@pulumi/pulumi";
import * as ci from "@pulumi/ci-runners";

const config = new pulumi.Config();
const daemon = new ci.DindDaemon("ts-dind", {
    acceptPrivileged: true,
    trustZone: ci.Trust.ONE_TEAM,
    memory: 4096,
});
const runner = new ci.GitLabRunner("ts-runner", {
    url: config.require("url"),
    token: config.requireSecret("token"),
    connection: daemon.connection,
    concurrent: 2,
});

export const container = runner.containerName;
