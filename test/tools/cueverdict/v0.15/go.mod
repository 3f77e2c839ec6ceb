module github.com/karmada-io/image-trust/test/tools/cueverdict/v0.15

go 1.26.0

require (
	cuelang.org/go v0.15.4 // indirect
	github.com/cockroachdb/apd/v3 v3.2.1 // indirect
	github.com/emicklei/proto v1.14.2 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/karmada-io/image-trust/test/tools/cueverdict v0.0.0 // indirect
	github.com/mitchellh/go-wordwrap v1.0.1 // indirect
	github.com/pelletier/go-toml/v2 v2.2.4 // indirect
	github.com/protocolbuffers/txtpbfmt v0.0.0-20251016062345-16587c79cd91 // indirect
	go.yaml.in/yaml/v3 v3.0.4 // indirect
	golang.org/x/net v0.46.0 // indirect
	golang.org/x/text v0.30.0 // indirect
	google.golang.org/protobuf v1.33.0 // indirect
)

replace github.com/karmada-io/image-trust/test/tools/cueverdict => ../

tool github.com/karmada-io/image-trust/test/tools/cueverdict
