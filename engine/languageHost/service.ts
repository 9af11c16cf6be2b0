import * as grpc from "@grpc/grpc-js";
import type { ILanguageRuntimeServer } from "@pulumi/pulumi/proto/language_grpc_pb";
import * as language from "@pulumi/pulumi/proto/language_pb";
import * as plugin from "@pulumi/pulumi/proto/plugin_pb";
import { packageVersion } from "../versions";
import { installDependencies, packageManagerOf } from "./install";
import { parseOptions } from "./options";
import { installedPackages, type RequiredPlugin, requiredPlugins } from "./packages";
import type { Processes } from "./processes";
import { describeEnding, pluginCommand, programCommand } from "./program";

/** How much of a program's last words is kept to explain its end, in characters. */
const tail = 10_000;

/**
 * The service that runs Node programs for the engine (pulumirpc.LanguageRuntime). The SDK's runners in @pulumi/pulumi
 * do the real work; what generates code from other languages is not offered.
 *
 * @param engineAddress where the engine listens; a handshake may name it later
 */
export function languageRuntime(
  engineAddress: string,
  processes: Processes,
): Partial<ILanguageRuntimeServer> & grpc.UntypedServiceImplementation {
  let engine = engineAddress;
  return {
    handshake: unary((request: language.LanguageHandshakeRequest) => {
      engine = request.getEngineAddress() || engine;
      return new language.LanguageHandshakeResponse();
    }),

    getPluginInfo: unary(() => new plugin.PluginInfo().setVersion(packageVersion())),

    getRequiredPackages: unary((request: language.GetRequiredPackagesRequest) =>
      new language.GetRequiredPackagesResponse().setPackagesList(
        requiredPlugins(request.getInfo()!.getProgramDirectory()).map(packageDependency),
      ),
    ),

    getProgramDependencies: unary((request: language.GetProgramDependenciesRequest) =>
      new language.GetProgramDependenciesResponse().setDependenciesList(
        installedPackages(request.getInfo()!.getProgramDirectory())
          .filter(({ direct }) => direct || request.getTransitivedependencies())
          .map(({ manifest }) =>
            new language.DependencyInfo().setName(manifest.name ?? "").setVersion(manifest.version ?? ""),
          ),
      ),
    ),

    run: unary(
      async (request: language.RunRequest, canceled) => {
        if (request.getAttachDebugger()) {
          const instead = 'runtime.options.nodeargs: "--inspect-brk" in Pulumi.yaml';
          return new language.RunResponse().setError(`This language host attaches no debugger: use ${instead}`);
        }
        let stderr = "";
        const ending = await processes.run(
          {
            ...programCommand(request, engine),
            onStdout: (chunk) => process.stdout.write(chunk),
            onStderr: (chunk) => {
              stderr = (stderr + chunk.toString()).slice(-tail);
              process.stderr.write(chunk);
            },
          },
          canceled,
        );
        const { error, bail } = describeEnding(ending, stderr);
        return new language.RunResponse().setError(error).setBail(bail);
      },
      (message) => new language.RunResponse().setError(message),
    ),

    runPlugin: stream(
      async (call: grpc.ServerWritableStream<language.RunPluginRequest, language.RunPluginResponse>, canceled) => {
        const { code } = await processes.run(
          {
            ...pluginCommand(call.request),
            onStdout: (chunk) => call.write(new language.RunPluginResponse().setStdout(chunk)),
            onStderr: (chunk) => call.write(new language.RunPluginResponse().setStderr(chunk)),
          },
          canceled,
        );
        call.write(new language.RunPluginResponse().setExitcode(code ?? 1));
      },
    ),

    installDependencies: stream(
      async (
        call: grpc.ServerWritableStream<language.InstallDependenciesRequest, language.InstallDependenciesResponse>,
        canceled,
      ) => {
        const info = call.request.getInfo()!;
        const options = parseOptions((info.getOptions()?.toJavaScript() ?? {}) as Record<string, unknown>);
        const write = (chunk: Buffer) => call.write(new language.InstallDependenciesResponse().setStdout(chunk));
        await installDependencies(info.getProgramDirectory(), options, write, canceled);
      },
    ),

    about: unary((request: language.AboutRequest) => {
      const info = request.getInfo()!;
      const options = parseOptions((info.getOptions()?.toJavaScript() ?? {}) as Record<string, unknown>);
      const response = new language.AboutResponse().setExecutable(process.execPath).setVersion(process.version);
      response.getMetadataMap().set("packagemanager", packageManagerOf(info.getProgramDirectory(), options));
      return response;
    }),

    // Nothing to ask a user who starts a new project: the package manager is told by the lock file.
    runtimeOptionsPrompts: unary(() => new language.RuntimeOptionsResponse()),

    template: unary(() => new language.TemplateResponse()),

    cancel: unary(async (empty) => {
      await processes.stop();
      return empty;
    }),
  };
}

function packageDependency({ name, version, server, parameterization }: RequiredPlugin): plugin.PackageDependency {
  const dependency = new plugin.PackageDependency()
    .setKind("resource")
    .setName(name)
    .setVersion(version)
    .setServer(server);
  if (parameterization) {
    dependency.setParameterization(
      new plugin.PackageParameterization()
        .setName(parameterization.name)
        .setVersion(parameterization.version)
        .setValue(parameterization.value),
    );
  }
  return dependency;
}

/**
 * A method with one answer.
 *
 * @param onError turns an error's message into an answer; without it the call itself fails
 */
function unary<Request, Response>(
  answer: (request: Request, canceled: AbortSignal) => Response | Promise<Response>,
  onError?: (message: string) => Response,
): grpc.handleUnaryCall<Request, Response> {
  return async (call, callback) => {
    const canceled = new AbortController();
    call.on("cancelled", () => canceled.abort());
    try {
      callback(null, await answer(call.request, canceled.signal));
    } catch (error) {
      if (onError) callback(null, onError(messageOf(error)));
      else callback({ code: grpc.status.UNKNOWN, message: messageOf(error) });
    }
  };
}

/** A method that answers bit by bit, until its work is done. */
function stream<Request, Response>(
  work: (call: grpc.ServerWritableStream<Request, Response>, canceled: AbortSignal) => Promise<void>,
): grpc.handleServerStreamingCall<Request, Response> {
  return async (call) => {
    const canceled = new AbortController();
    call.on("cancelled", () => canceled.abort());
    try {
      await work(call, canceled.signal);
      call.end();
    } catch (error) {
      call.emit("error", { code: grpc.status.UNKNOWN, message: messageOf(error) });
    }
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
