// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"strings"
	"time"
)

// Istioctl is the user's istioctl.
type Istioctl struct {
	Path    string `json:"path"`
	Version string `json:"version"` // as it reports it
}

// FindIstioctl returns the istioctl at path, or the one in PATH if path is empty, with its version.
// Nothing is downloaded.
func FindIstioctl(ctx context.Context, path string) (Istioctl, error) {
	wanted := path
	if wanted == "" {
		wanted = "istioctl"
	}
	found, err := exec.LookPath(wanted)
	switch {
	case err != nil && path == "":
		return Istioctl{}, errors.New("find istioctl: none in PATH. Add the istioctl of the target version to PATH, or name it with --istioctl")
	case errors.Is(err, fs.ErrPermission):
		return Istioctl{}, fmt.Errorf("find istioctl: %s is not executable. Run chmod +x on it, or name another with --istioctl", path)
	case err != nil:
		return Istioctl{}, fmt.Errorf("find istioctl: %s: %w. Name another with --istioctl", path, unwrapExecError(err))
	}
	version, err := queryVersion(ctx, found)
	if err != nil {
		return Istioctl{}, err
	}
	return Istioctl{Path: found, Version: version}, nil
}

func queryVersion(ctx context.Context, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, path, "version", "--remote=false", "-o", "json")
	command.WaitDelay = time.Second
	output, err := command.Output()
	if ctx.Err() != nil {
		return "", fmt.Errorf("run %s version: %w", path, ctx.Err())
	}
	if err != nil {
		return "", fmt.Errorf("run %s version: %w. Check that it is an istioctl", path, unwrapExecError(err))
	}
	var answer struct {
		ClientVersion struct {
			Version string `json:"version"`
		} `json:"clientVersion"`
	}
	if json.Unmarshal(output, &answer) != nil || answer.ClientVersion.Version == "" {
		return "", fmt.Errorf("run %s version: unexpected output %q. Check that it is an istioctl", path, firstLine(output))
	}
	return answer.ClientVersion.Version, nil
}

// checkVersion rejects an istioctl whose version differs from the plan's: it installs the charts of
// its own version.
func (i Istioctl) checkVersion(version string) error {
	if SameVersion(i.Version, version) {
		return nil
	}
	return fmt.Errorf("istioctl %s has version %s, but the plan installs %s. "+
		"Name the istioctl of %s with --istioctl, or run with --version %s",
		i.Path, i.Version, version, version, i.Version)
}

// unwrapExecError removes exec.Error, which repeats the program's name.
func unwrapExecError(err error) error {
	if e, ok := errors.AsType[*exec.Error](err); ok {
		return e.Err
	}
	return err
}

func firstLine(output []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(output)), "\n")
	return line
}
