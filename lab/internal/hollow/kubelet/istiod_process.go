// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/rerig/rerig/lab/internal/component"
	"github.com/rerig/rerig/lab/internal/hollow/podview"
	"github.com/rerig/rerig/lab/internal/hollow/ports"
)

// tokenFile is the path of the service account token in a pod.
const tokenFile = "/var/run/secrets/kubernetes.io/serviceaccount/token"

// listeners are istiod's listen flags and their default ports (Istio 1.29.1
// pilot/cmd/pilot-discovery/app/cmd.go).
var listeners = []struct {
	flag string
	port int
}{
	{"--grpcAddr", 15010}, {"--secureGRPCAddr", 15012}, {"--monitoringAddr", 15014},
	{"--httpsAddr", 15017}, {"--httpAddr", 8080}, {"--ctrlz_port", 9876},
}

// ProcessOptions describes how a pod becomes a local process.
type ProcessOptions struct {
	// Binary is the program of the pod's image.
	Binary string
	// RootDir replaces the root of the container's file system. It is also the working directory.
	RootDir string
	// Ports are free local ports, one for each of istiod's listeners.
	Ports []int
	// APIServer is the API server's URL. CA is its certificate authority in PEM.
	APIServer string
	CA        []byte
	// Capacity replaces limits that the container does not set.
	Capacity corev1.ResourceList
}

// Process is the process of an istiod pod.
type Process struct {
	Component component.Component
	// Ports maps a port of the pod to a local host:port.
	Ports map[int]string
}

// ProcessForPod returns the process of a pod. Arguments, environment and volumes are the pod's own,
// with three differences: the process listens on the given local ports, it reaches the API server
// by a kubeconfig with the pod's token, and it finds its volumes below RootDir. Paths that point
// into a volume are rewritten; istiod's other paths are relative.
func ProcessForPod(ctx context.Context, from podview.Sources, pod *corev1.Pod, options ProcessOptions) (Process, error) {
	c := &pod.Spec.Containers[0]
	env, err := podview.Environment(ctx, from, pod, c, options.Capacity)
	if err != nil {
		return Process{}, err
	}
	files, err := podview.Files(ctx, from, pod, c)
	if err != nil {
		return Process{}, err
	}
	args := podview.Arguments(c, env)
	localAddresses, flags := listenFlags(args, options.Ports)
	kubeconfig := filepath.Join(options.RootDir, "kubeconfig")
	p := Process{Ports: localAddresses, Component: component.Component{
		Name: pod.Namespace + "." + pod.Name, Binary: options.Binary, Dir: options.RootDir,
		Args: slices.Concat(rewritePaths(args, c, options.RootDir), flags, []string{"--kubeconfig=" + kubeconfig}),
		Env:  withImageEnv(rewritePaths(env.Without("KUBECONFIG"), c, options.RootDir), options.RootDir),
	}}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(options.RootDir, name)
		p.Component.Files = append(p.Component.Files, component.File{Path: path, Content: files[name], Mode: 0o600})
	}
	p.Component.Files = append(p.Component.Files, component.File{Path: kubeconfig, Content: kubeconfigContent(options), Mode: 0o600})
	return p, nil
}

// listenFlags returns flags that move each of istiod's listeners to a local port, and the local
// address of each port of the pod. The flags follow the pod's own arguments and override them.
func listenFlags(args []string, freePorts []int) (map[int]string, []string) {
	localAddresses := map[int]string{}
	var flags []string
	for i, l := range listeners {
		to := ports.LocalAddress(freePorts[i])
		localAddresses[listenPort(args, l.flag, l.port)] = to
		if l.flag == "--ctrlz_port" {
			to = strconv.Itoa(freePorts[i])
		}
		flags = append(flags, l.flag+"="+to)
	}
	return localAddresses, flags
}

// listenPort returns the port that the pod's arguments give to a listener, or the default.
func listenPort(args []string, flag string, defaultPort int) int {
	for i, a := range args {
		value, ok := strings.CutPrefix(a, flag+"=")
		if a == flag && i+1 < len(args) {
			value, ok = args[i+1], true
		}
		if port, err := strconv.Atoi(value[strings.LastIndex(value, ":")+1:]); ok && err == nil && port != 0 {
			return port
		}
	}
	return defaultPort
}

// rewritePaths moves arguments and variables whose value is a path in one of the container's
// volumes below root.
func rewritePaths(args []string, c *corev1.Container, root string) []string {
	out := slices.Clone(args)
	for i, w := range out {
		name, value, ok := strings.Cut(w, "=")
		if !ok {
			name, value = "", w
		} else {
			name += "="
		}
		for _, m := range c.VolumeMounts {
			if value == m.MountPath || strings.HasPrefix(value, path.Clean(m.MountPath)+"/") {
				out[i] = name + filepath.Join(root, value)
				break
			}
		}
	}
	return out
}

// withImageEnv adds the variables that an image sets for every process.
func withImageEnv(env []string, root string) []string {
	vars := podview.Vars(env)
	if vars.Get("PATH") == "" {
		vars = vars.Set("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	}
	return vars.Set("HOME", root)
}

// kubeconfigContent returns a kubeconfig that uses the pod's token.
func kubeconfigContent(options ProcessOptions) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
- name: lab
  cluster: {server: %q, certificate-authority-data: %s}
users:
- name: pod
  user: {tokenFile: %q}
contexts:
- name: lab
  context: {cluster: lab, user: pod}
current-context: lab
`, options.APIServer, base64.StdEncoding.EncodeToString(options.CA), filepath.Join(options.RootDir, tokenFile))
}
