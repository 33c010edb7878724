// pulumi-codegen-dotnet writes the C# SDK of a package.
//
//	pulumi-codegen-dotnet FOLDER < schema.json
//
// The generator is Pulumi's own (pulumi/pulumi, pkg/codegen/dotnet), of the last releases that held it: the module that
// holds it now is served by no registry.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing/fstest"

	"github.com/pulumi/pulumi/pkg/v3/codegen/dotnet"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// emptyLogo keeps the generator, which fetches a picture for the package, from the internet.
func emptyLogo(pkg *schema.Package) {
	files := http.NewFileTransportFS(fstest.MapFS{"logo.png": &fstest.MapFile{}})
	http.DefaultTransport.(*http.Transport).RegisterProtocol("file", files)
	pkg.LogoURL = "file:///logo.png"
}

func generate(folder string) error {
	var spec schema.PackageSpec
	if err := json.NewDecoder(os.Stdin).Decode(&spec); err != nil {
		return err
	}
	// A package that refers to no other needs nothing loaded.
	pkg, found, err := schema.BindSpec(spec, nil, schema.ValidationOptions{})
	if err != nil {
		return err
	}
	if found.HasErrors() {
		return found
	}
	emptyLogo(pkg)
	files, err := dotnet.GeneratePackage("pulumi-codegen-dotnet", pkg, nil, nil)
	if err != nil {
		return err
	}
	for name, text := range files {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: pulumi-codegen-dotnet FOLDER < schema.json")
		os.Exit(2)
	}
	if err := generate(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
