// SPDX-License-Identifier: Apache-2.0

package install

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rerig/rerig/internal/install/process"
)

// Install installs the revision: it repeats all checks of Draft, then runs istioctl. It returns
// when istioctl has found the control plane ready. An error of istioctl is a *Failure, which lists
// what is left in the cluster. Repeating it repeats the complete install; istioctl applies, so
// existing objects stay.
func (i IstioctlInstaller) Install(ctx context.Context, revision, version string) error {
	d, err := i.Draft(ctx, revision, version)
	if err == nil {
		err = d.checkApproved(i.Rendered)
	}
	if err != nil {
		return err
	}
	redactor := i.redactor()
	log := func(line string) {
		if i.Log != nil {
			i.Log(redactor.Text(line))
		}
	}
	lines, err := process.Run(ctx, d.Istioctl.Path, i.installArguments(), d.File, log)
	if err == nil {
		return nil
	}
	for n, line := range lines {
		lines[n] = redactor.Text(line)
	}
	failure := &Failure{Revision: revision, Action: d.Istioctl.Path + " install", LastLines: lines, Err: redactor.Error(err),
		RemoveCommand: "istioctl uninstall --revision " + revision}
	if i.Cluster != nil {
		failure.listLeftovers(ctx, i)
	}
	return failure
}

// installArguments returns the arguments of the install. The file is passed on standard input, so
// that a killed run leaves no file behind.
func (i IstioctlInstaller) installArguments() []string {
	timeout := i.Timeout
	if timeout == 0 {
		timeout = 5 * time.Minute
	}
	arguments := []string{"install", "-f", "-", "--skip-confirmation", "--readiness-timeout", timeout.String()}
	return append(arguments, i.clusterFlags()...)
}

// listLeftovers lists what is left in the cluster, even if the context has ended.
func (f *Failure) listLeftovers(ctx context.Context, i IstioctlInstaller) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	left, err := i.Leftovers(ctx, f.Revision)
	if err != nil {
		f.LeftoversErr = fmt.Errorf("the objects left in the cluster could not be listed: %w", err)
	}
	f.Leftovers = left
}

// render returns the manifest that istioctl would install. With a cluster it is rendered for that
// cluster: istioctl then reads the cluster's version, as an install does, and changes nothing.
func (i IstioctlInstaller) render(ctx context.Context, istioctl Istioctl, file IstioOperator) ([]*unstructured.Unstructured, error) {
	content, err := file.YAML()
	if err != nil {
		return nil, fmt.Errorf("marshal the IstioOperator: %w", err)
	}
	arguments := []string{"manifest", "generate", "-f", "-"}
	if i.Cluster != nil {
		arguments = append(arguments, "--cluster-specific")
		arguments = append(arguments, i.clusterFlags()...)
	}
	var output, complaints bytes.Buffer
	command := exec.CommandContext(ctx, istioctl.Path, arguments...)
	command.Stdin, command.Stdout, command.Stderr = strings.NewReader(content), &output, &complaints
	command.WaitDelay = time.Second
	if err := command.Run(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, fmt.Errorf("render the IstioOperator with %s: %w: %s", istioctl.Path, err, lastLines(complaints.String()))
	}
	return parseManifest(output.Bytes())
}

func parseManifest(content []byte) ([]*unstructured.Unstructured, error) {
	documents, err := splitYAML(content)
	if err != nil {
		return nil, fmt.Errorf("parse the manifest rendered by istioctl: %w", err)
	}
	objects := make([]*unstructured.Unstructured, 0, len(documents))
	for _, d := range documents {
		objects = append(objects, &unstructured.Unstructured{Object: d})
	}
	return objects, nil
}

// clusterFlags returns the flags that select the cluster.
func (i IstioctlInstaller) clusterFlags() []string {
	var flags []string
	if i.Kubeconfig != "" {
		flags = append(flags, "--kubeconfig", i.Kubeconfig)
	}
	if i.Context != "" {
		flags = append(flags, "--context", i.Context)
	}
	return flags
}

// lastLines returns the end of a program's output, in one line.
func lastLines(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	if len(lines) > 3 {
		lines = lines[len(lines)-3:]
	}
	return strings.Join(lines, "; ")
}
