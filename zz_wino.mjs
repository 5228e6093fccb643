import ort from "onnxruntime-node";
const vs=process.argv[2].split(","), th=+(process.argv[3]??1), rounds=+(process.argv[4]??3), size=+(process.argv[5]??64), B=+(process.argv[6]??1);
const S={}; for(const v of vs) S[v]=await ort.InferenceSession.create(`/tmp/wino/c_${v}/m.onnx`,{executionProviders:["cpu"],intraOpNumThreads:th,logSeverityLevel:3,graphOptimizationLevel:"disabled"});
const r=(...d)=>new ort.Tensor("float32",Float32Array.from({length:d.reduce((a,b)=>a*b,1)},(_,i)=>Math.sin(i*1.37)*1.5),d);
const feeds={sample:r(B,4,size,size),timestep:new ort.Tensor("float32",new Float32Array(B).fill(500),[B]),context:r(B,77,768)};
const T={},W={},O={};
for(let i=0;i<=rounds;i++) for(const v of vs){ const c=process.cpuUsage(), w=performance.now(); const o=await S[v].run(feeds); const d=process.cpuUsage(c); if(i>0){(T[v]??=[]).push((d.user+d.system)/1e6);(W[v]??=[]).push((performance.now()-w)/1e3);} O[v]=o.prediction.data; console.log(i,v,((d.user+d.system)/1e6).toFixed(2),((performance.now()-w)/1e3).toFixed(1)); }
for(const v of vs){ let e=0,m=0; for(let i=0;i<O[v].length;i++){e=Math.max(e,Math.abs(O[v][i]-O[vs[0]][i]));m=Math.max(m,Math.abs(O[vs[0]][i]));} console.log(v,"cpu",T[v].map(x=>x.toFixed(2)).join(" "),"wall",W[v].map(x=>x.toFixed(1)).join(" "),"ratio of min",(Math.min(...T[v])/Math.min(...T[vs[0]])).toFixed(3),"maxabs err",e.toExponential(1),"of max",m.toFixed(2)); }
